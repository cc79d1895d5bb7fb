import type { InputError, Problem, ProblemCode } from '../core/problem.ts';

/** What a gateway's problem says, and two ways in which there is no problem to read. */
export type ErrorCode =
  | ProblemCode
  /** No answer: no network, no gateway, or a caller that stopped waiting. */
  | 'network'
  /** An answer that is not the gateway's, such as a proxy's error page. */
  | 'unexpected_answer';

/** A request that failed. `message` is a sentence that may be shown to people. */
export class MaskwireError extends Error {
  override readonly name = 'MaskwireError';
  readonly code: ErrorCode;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** True when the same request may succeed later. */
  readonly retryable: boolean;
  /** What the gateway asked to wait for, if it did. */
  readonly retryAfterMs: number | undefined;
  /** The whole problem document, when there was one. */
  readonly problem: Problem | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    facts: {
      readonly status?: number;
      readonly retryable?: boolean;
      readonly retryAfterMs?: number | undefined;
      readonly problem?: Problem;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.status = facts.status ?? 0;
    this.retryable = facts.retryable ?? false;
    this.retryAfterMs = facts.retryAfterMs;
    this.problem = facts.problem;
  }

  /** Which fields were wrong, for invalid input. */
  get errors(): readonly InputError[] {
    return this.problem?.errors ?? [];
  }
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  return 'code' in value && typeof value.code === 'string' && 'detail' in value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads an answer that is not a success. */
export function errorFromAnswer(
  status: number,
  text: string,
  retryAfter: string | null,
): MaskwireError {
  const seconds = Number(retryAfter ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  const problem = parse(text);
  if (isProblem(problem)) {
    const { code, detail, retryable } = problem;
    return new MaskwireError(code, detail, { status, retryable, retryAfterMs, problem });
  }
  const message = `The server answered ${status} without saying why.`;
  const retryable = status === 429 || status >= 500;
  return new MaskwireError('unexpected_answer', message, { status, retryable, retryAfterMs });
}

/** Wraps what `fetch` throws. */
export function errorFromNetwork(cause: unknown): MaskwireError {
  const message = 'The gateway cannot be reached.';
  return new MaskwireError('network', message, { retryable: true, cause });
}

/** A success whose body cannot be read. */
export function errorFromBody(status: number, cause: unknown): MaskwireError {
  const message = 'The answer was cut short or is not JSON.';
  return new MaskwireError('unexpected_answer', message, { status, cause });
}
