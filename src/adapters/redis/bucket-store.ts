import type { RateLimit } from '../../core/token-bucket.ts';
import type { BucketStore } from '../../ports/bucket-store.ts';
import type { RedisConnections } from './connections.ts';
import type { RedisKeys } from './keys.ts';
import { run, script } from './scripts.ts';

const TAKE = script<number>('rates/take-1');

export interface BucketStoreOptions {
  readonly connections: Pick<RedisConnections, 'commands'>;
  readonly keys: RedisKeys;
  /** Whose time fills the buckets; the server's, unless a test has its own. */
  readonly time?: 'server' | 'caller';
}

/** Buckets for all gateways; each is a key that lives until the bucket would be full again. */
export class RedisBucketStore implements BucketStore {
  readonly #options: BucketStoreOptions;

  constructor(options: BucketStoreOptions) {
    this.#options = options;
  }

  async take(name: string, limit: RateLimit, tokens: number, now: number): Promise<number> {
    const { connections, keys, time } = this.#options;
    const { perSecond, burst } = limit;
    const args = [perSecond, burst, tokens, time === 'caller' ? now : ''];
    return (await run(connections.commands, TAKE, [keys.bucket(name)], args)) / 1000;
  }
}
