import type { RateLimit } from '../core/token-bucket.ts';

/**
 * Token buckets that all gateways share, by name. One that nobody has touched is full; one that is
 * full again is forgotten.
 *
 * Guarantees: takes of one bucket are serialised; over any span no more tokens come back than the
 * limit gives. A take that is sent twice because its reply was lost may count twice: the caller's
 * bucket is lower for a moment, nothing else.
 * Rejects with `storage_unavailable` when the storage is lost.
 */
export interface BucketStore {
  /**
   * Takes `tokens`, whether they are there or not; what is left, below 0 when some are owed. Knows no
   * limits by itself: every caller of a bucket names the same one.
   */
  take(bucket: string, limit: RateLimit, tokens: number, now: number): Promise<number>;
}
