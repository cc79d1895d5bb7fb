import type { Problem, ProblemCode } from '../../core/problem.ts';
import { PROBLEM_CODES, ProblemError, problemBody } from '../../core/problem.ts';
import type { Logger } from '../../ports/system.ts';
import { HEADERS } from '../../protocol/routes.ts';
import { RequestRefused } from './request-refused.ts';

/** RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json';
/** What a caller is told to wait when a 429 or 503 does not know better. */
const DEFAULT_RETRY_SECONDS = 1;

/** An answer that is complete in itself; nothing of it depends on the framework. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What a failure looks like to callers (A2). Anything but a {@link ProblemError} is a fault of ours:
 * it is logged, and the caller learns nothing but the code `internal`.
 */
export function problemAnswer(error: unknown, log: Logger, requestId: string): PlainAnswer {
  if (error instanceof RequestRefused) return refusal(error);
  if (error instanceof ProblemError && PROBLEM_CODES[error.code].status !== 0) {
    const { status } = PROBLEM_CODES[error.code];
    if (status >= 500) log.warn(error.message, { requestId, cause: error.cause });
    return answerOf(error);
  }
  log.error('a request failed', { requestId, error });
  return plainProblem(problemBody('internal', 'The request could not be handled.'), 500);
}

/** A problem body as an answer. */
function plainProblem(
  problem: Problem,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): PlainAnswer {
  return {
    status,
    headers: { 'Content-Type': PROBLEM_TYPE, ...headers },
    body: JSON.stringify(problem),
  };
}

function refusal(error: RequestRefused): PlainAnswer {
  const problem = { ...problemBody(error.code, error.message), status: error.status };
  return plainProblem(problem, error.status, error.headers);
}

function answerOf({ code, message, extras }: ProblemError): PlainAnswer {
  const headers: Record<string, string> = {};
  const seconds = retrySeconds(code, extras.retryAfterMs);
  if (seconds !== undefined) headers[HEADERS.retryAfter] = String(seconds);
  if (extras.allow !== undefined) headers['Allow'] = extras.allow.join(', ');
  return plainProblem(problemBody(code, message, extras), PROBLEM_CODES[code].status, headers);
}

function retrySeconds(code: ProblemCode, retryAfterMs: number | undefined): number | undefined {
  if (retryAfterMs !== undefined) return Math.max(1, Math.ceil(retryAfterMs / 1000));
  const { status } = PROBLEM_CODES[code];
  return status === 429 || status === 503 ? DEFAULT_RETRY_SECONDS : undefined;
}
