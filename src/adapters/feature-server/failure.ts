import { FeatureServerError } from '../../ports/feature-server.ts';

/** A server that asks for a longer pause is taken to mean this: beyond it nobody waits anyway. */
const MAX_RETRY_AFTER_MS = 60 * 60 * 1000;

/** The request itself was refused; asking again would change nothing. 413 is a 400 about its size. */
const REJECTED = new Set([400, 413, 415, 422]);

const OVERLOADED = new Set([429, 503]);

/**
 * What a status other than 200 and 409 means (B5). Nothing that the server wrote goes into the
 * message: it is shown to callers, and may name addresses or worse.
 */
export function failureOfStatus(
  status: number,
  retryAfter: string | undefined,
  now: number,
): FeatureServerError {
  if (REJECTED.has(status)) {
    return new FeatureServerError(
      'rejected',
      `The feature server refused this image or prompt (status ${status}).`,
    );
  }
  if (OVERLOADED.has(status)) {
    return new FeatureServerError(
      'overloaded',
      `The feature server has too much to do (status ${status}).`,
      { retryAfterMs: retryAfterMs(retryAfter, now) },
    );
  }
  if (status >= 300 && status < 400) {
    return failed(`The feature server answered with a redirect (status ${status}).`);
  }
  if (status === 401 || status === 403) {
    return failed(`The feature server does not accept this gateway (status ${status}).`);
  }
  return failed(`The feature server failed (status ${status}).`);
}

/** An answer that makes no sense, or none. */
export function failed(message: string, cause?: unknown): FeatureServerError {
  return new FeatureServerError('failed', message, { cause });
}

/** Nobody has taken the call. */
export function unreachable(cause: unknown): FeatureServerError {
  return new FeatureServerError('unreachable', 'The feature server takes no connection.', {
    cause,
  });
}

export function timedOut(): FeatureServerError {
  return new FeatureServerError('timeout', 'The feature server did not answer in time.');
}

/** Reads `Retry-After` (RFC 9110, 10.2.3): seconds, or a date; `undefined` for anything else. */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const span = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  if (Number.isNaN(span)) return undefined;
  return Math.min(Math.max(0, span), MAX_RETRY_AFTER_MS);
}
