import type { Problem } from '../../core/problem.ts';
import { CommandError } from './command-error.ts';

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
  const fields = (problem.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  return fields.length === 0 ? problem.detail : `${problem.detail} (${fields.join('; ')})`;
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
