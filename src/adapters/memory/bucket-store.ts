import type { Bucket, RateLimit } from '../../core/token-bucket.ts';
import { fullBucket, refilled, taken } from '../../core/token-bucket.ts';
import type { BucketStore } from '../../ports/bucket-store.ts';
import { BoundedMap } from './bounded-map.ts';

/** Bounds the buckets that are remembered; the one that was untouched for longest is forgotten. */
const MAX_BUCKETS = 20_000;

/** Buckets in memory. */
export class MemoryBucketStore implements BucketStore {
  readonly #buckets = new BoundedMap<string, Bucket>(MAX_BUCKETS);

  async take(name: string, limit: RateLimit, tokens: number, now: number): Promise<number> {
    const before = this.#buckets.get(name) ?? fullBucket(limit, now);
    const bucket = taken(refilled(before, limit, now), limit, tokens);
    this.#buckets.set(name, bucket);
    return bucket.tokens;
  }
}
