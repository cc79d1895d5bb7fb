import { ProblemError } from '../../../core/problem.ts';
import type { SessionFacts } from '../../../ports/session-store.ts';
import type { FaceContext } from '../context.ts';
import type { Call } from '../node-http.ts';

/** Places are given back when somebody leaves; streams are told the same. */
const CROWDED_RETRY_MS = 10_000;

/**
 * Runs what holds its request for up to `ms`: it counts like an open stream meanwhile.
 * @throws {ProblemError} `rate_limited` when too many are open already
 */
export async function held<Result>(
  { gateway, addressOf }: FaceContext,
  call: Call,
  { sessionId }: SessionFacts,
  ms: number,
  run: () => Promise<Result>,
): Promise<Result> {
  if (ms <= 0) return await run();
  const { readers } = gateway.streams;
  const address = addressOf(call);
  if (!readers.enter(sessionId, address)) {
    throw new ProblemError('rate_limited', 'Too many streams and held requests are open already.', {
      retryAfterMs: CROWDED_RETRY_MS,
    });
  }
  try {
    return await run();
  } finally {
    readers.leave(sessionId, address);
  }
}
