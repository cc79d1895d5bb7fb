import type { CallKind } from '../../core/burst/concurrency-limit.ts';
import type { QueueCall } from '../../core/fair-queue.ts';
import type { ServerId } from '../../core/ids.ts';
import type { Problem } from '../../core/problem.ts';
import { problemBody } from '../../core/problem.ts';
import type { FailureKind } from '../../ports/feature-server.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { Clock, Metrics } from '../../ports/system.ts';
import type { FeatureServers } from './feature-servers.ts';

/** Attempts of one piece of work: the first and one more. */
const MAX_ATTEMPTS = 2;

/** A retry waits a random part of this, so that what failed together does not return together. */
const RETRY_SPREAD_MS = 250;

/** A server that asks for more patience than this is not worth waiting for with a person clicking. */
const MAX_RETRY_AFTER_MS = 5_000;

export interface CallContext {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly giveUp: AbortSignal;
  readonly servers: Pick<FeatureServers, 'several'>;
}

/** Which call of which server. */
export interface CallName {
  readonly kind: CallKind;
  readonly server: ServerId;
}

/** This gateway stops before the call has ended: nobody's failure, and another gateway's to make anew. */
export class CallGivenUp extends Error {
  override readonly name = 'CallGivenUp';
}

/** Runs one call of the feature server under its deadline, measures it and tells how it ended. */
export async function callFeatureServer<Result>(
  context: CallContext,
  { kind, server }: CallName,
  deadlineMs: number,
  call: (signal: AbortSignal) => Promise<Result>,
  ended: (call: QueueCall) => void,
): Promise<Result> {
  const { clock, metrics, giveUp } = context;
  if (giveUp.aborted) throw new CallGivenUp();
  const startedAt = clock.now();
  const abort = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const end = (reason: Error) => {
    abort.abort(reason);
    reject(reason);
  };
  const timer = clock.after(deadlineMs, () => {
    end(new FeatureServerError('timeout', 'The feature server did not answer in time.'));
  });
  const stop = () => end(new CallGivenUp());
  giveUp.addEventListener('abort', stop, { once: true });
  try {
    // Raced, so that not even an adapter that ignores its signal can hold the place for ever.
    const result = await Promise.race([call(abort.signal), over]);
    const durationMs = clock.now() - startedAt;
    ended({ kind, result: 'ok', durationMs });
    metrics.featureCall(kind, 'ok', durationMs, server);
    return result;
  } catch (cause) {
    const reason: unknown = abort.signal.aborted ? abort.signal.reason : cause;
    if (reason instanceof CallGivenUp) throw reason;
    const error = asFeatureError(reason, context.servers.several);
    const durationMs = error.kind === 'timeout' ? clock.now() - startedAt : undefined;
    ended({ kind, result: resultOf(error), durationMs });
    metrics.featureCall(kind, error.kind, clock.now() - startedAt, server);
    throw error;
  } finally {
    timer.cancel();
    giveUp.removeEventListener('abort', stop);
  }
}

/** When a failed attempt may be repeated; `undefined` when it is not worth repeating. */
export function retryAt(
  error: FeatureServerError,
  attempts: number,
  now: number,
  uniform: number,
): number | undefined {
  // Another server has it at once: to none is more asked than without the one that is not there.
  if (error.kind === 'unreachable') return now;
  if (error.kind === 'rejected' || attempts + 1 >= MAX_ATTEMPTS) return undefined;
  const asked = error.retryAfterMs ?? 0;
  if (asked > MAX_RETRY_AFTER_MS) return undefined;
  return now + asked + Math.round(uniform * RETRY_SPREAD_MS);
}

/** What a failure says about the server; that it refused this very request speaks for it. */
const RESULTS: Record<FailureKind, QueueCall['result']> = {
  rejected: 'ok',
  missing: 'ok',
  overloaded: 'overloaded',
  failed: 'failed',
  unreachable: 'unreachable',
  timeout: 'timeout',
};

export const resultOf = ({ kind }: FeatureServerError): QueueCall['result'] => RESULTS[kind];

const PROBLEMS: Record<
  FailureKind,
  'feature_server_rejected' | 'feature_server_failed' | 'feature_server_timeout'
> = {
  rejected: 'feature_server_rejected',
  missing: 'feature_server_failed',
  overloaded: 'feature_server_failed',
  failed: 'feature_server_failed',
  unreachable: 'feature_server_failed',
  timeout: 'feature_server_timeout',
};

/** What a reader is told about a call that failed for good. */
export function problemOf(error: FeatureServerError): Problem {
  return problemBody(PROBLEMS[error.kind], error.message);
}

/** A server without others that could take its calls is tried as often as one that fails. */
export function asFeatureError(failure: unknown, several: boolean): FeatureServerError {
  if (!(failure instanceof FeatureServerError)) {
    return new FeatureServerError('failed', 'The call of the feature server failed.', {
      cause: failure,
    });
  }
  if (failure.kind !== 'unreachable' || several) return failure;
  return new FeatureServerError('failed', failure.message, { cause: failure });
}
