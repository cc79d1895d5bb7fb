/** The suites of the ports that the Redis engine has so far, on a real server. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { RedisBlobStore } from '../../src/adapters/redis/blob-store.ts';
import { RedisIdempotencyStore } from '../../src/adapters/redis/idempotency-store.ts';
import { RedisImageRegistry } from '../../src/adapters/redis/image-registry.ts';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { RedisWorkQueue } from '../../src/adapters/redis/work-queue.ts';
import type { Engine } from '../../src/ports/engine.ts';
import { blobStoreContract } from '../contract/blob-store.contract.ts';
import { idempotencyStoreContract } from '../contract/idempotency-store.contract.ts';
import { imageRegistryContract } from '../contract/image-registry.contract.ts';
import { workQueueContract } from '../contract/work-queue.contract.ts';
import { RedisServer } from './redis-server.ts';
import { connect, realClock } from './support.ts';

const LIFE_MS = 60 * 60_000;

let server: RedisServer;
let opened = 0;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Each engine has a prefix of its own, so that it holds nothing yet. */
beforeEach(() => {
  opened += 1;
});

/** An engine of the parts that are there; the suites ask for no others. */
async function open(): Promise<Engine> {
  const connections = await connect(server);
  const keys = new RedisKeys(`test-${opened}`);
  const time = 'caller';
  const options = { connections, keys, clock: realClock, lifeMs: LIFE_MS, time } as const;
  const parts: Pick<Engine, 'queue' | 'images' | 'blobs' | 'idempotency'> & AsyncDisposable = {
    queue: await RedisWorkQueue.open(options),
    images: new RedisImageRegistry(options),
    blobs: new RedisBlobStore({ ...options, maxBytes: 1_000_000 }),
    idempotency: new RedisIdempotencyStore(options),
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
  return parts as Engine;
}

workQueueContract('redis', open);
blobStoreContract('redis', open);
imageRegistryContract('redis', open);
idempotencyStoreContract('redis', open);
