import type { Problem } from '../../core/problem.ts';
import { CommandError } from './command-error.ts';

/** A line is no place for all of them. */
const MOST_FIELDS = 3;

/** Requests to a gateway whose failures read like sentences. */
export class GatewayApi {
  readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  /** @throws {@link CommandError} when nothing answers, or the answer is no 2xx */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.base}${path}`, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new CommandError(`nothing answers at ${this.base}${reasonOf(error)}.`, {
        cause: error,
      });
    }
    if (response.ok) return response;
    throw new CommandError(await refusal(response));
  }
}

/** What a refused request was refused for, in words. */
export async function refusal(response: Response): Promise<string> {
  const problem = asProblem(await response.text());
  if (problem === undefined) return `the answer was ${response.status} ${response.statusText}.`;
  const { detail, errors = [] } = problem;
  const fields = errors
    .filter(({ path }) => !detail.includes(path))
    .map(({ path, message }) => `${path}: ${message}`);
  if (fields.length === 0) return detail;
  const more = fields.length > MOST_FIELDS ? '; and more' : '';
  return `${detail} (${fields.slice(0, MOST_FIELDS).join('; ')}${more})`;
}

function asProblem(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'detail' in value
      ? (value as Problem)
      : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return ` (${String(cause.code)})`;
  return '';
}
