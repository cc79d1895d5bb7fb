/**
 * Token buckets: what a caller may do at once, and how fast it gets that back. Pure; times are
 * milliseconds of any clock.
 *
 * @example
 * const limit = { perSecond: 20, burst: 200 };
 * const bucket = refilled(fullBucket(limit, now), limit, later);
 * if (holds(bucket, 1)) bucket = taken(bucket, limit, 1);
 * else retryAfter(msUntil(bucket, limit, 1));
 */

/** A rate, and how much of it may be saved up: whole tokens, at least one. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** A bucket as it stood at a time; below 0 it owes tokens. */
export interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** Sums of parts of a token miss the whole by less than this. */
const ROUNDING = 1e-9;

/** A bucket owes this many bursts at most: whoever owes is let in again in bounded time. */
const MAX_DEBT_BURSTS = 10;

export const fullBucket = ({ burst }: RateLimit, now: number): Bucket => ({
  tokens: burst,
  at: now,
});

/**
 * The bucket at a later time. A clock that was set back brings nothing and takes nothing; one that
 * jumped ahead fills the bucket, as any wait would.
 */
export function refilled(bucket: Bucket, { perSecond, burst }: RateLimit, now: number): Bucket {
  const passedMs = Math.max(0, now - bucket.at);
  return { tokens: Math.min(burst, bucket.tokens + (passedMs * perSecond) / 1000), at: now };
}

/** Whether so many tokens are there. */
export const holds = (bucket: Bucket, tokens: number): boolean =>
  bucket.tokens >= tokens - ROUNDING;

/** Without so many tokens, whether they were there or not: what is missing is owed. */
export function taken(bucket: Bucket, { burst }: RateLimit, tokens: number): Bucket {
  return {
    tokens: Math.max(-MAX_DEBT_BURSTS * burst, bucket.tokens - tokens),
    at: bucket.at,
  };
}

/** How long until so many tokens are there, if nobody takes any; whole milliseconds. */
export function msUntil(bucket: Bucket, { perSecond }: RateLimit, tokens: number): number {
  if (holds(bucket, tokens)) return 0;
  return Math.max(1, Math.ceil(((tokens - bucket.tokens - ROUNDING) * 1000) / perSecond));
}

/** How long an empty bucket takes to be full, in milliseconds. */
export const windowMs = ({ perSecond, burst }: RateLimit): number => (burst * 1000) / perSecond;
