/** What is peculiar to blobs in Redis: they share its memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisBlobStore } from '../../src/adapters/redis/blob-store.ts';
import { UNCONFIRMED } from '../../src/adapters/redis/confirmations.ts';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { refused } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { freshPrefix } from './engine-contracts.ts';
import { RedisServer } from './redis-server.ts';
import { connect } from './support.ts';

const HOUR_MS = 3_600_000;

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('redis blobs', () => {
  const blob = (bytes: number) => ({ bytes: new Uint8Array(bytes), contentType: 'image/png' });
  const store = async (maxBytes: number, lifeMs = HOUR_MS, keys = new RedisKeys(freshPrefix())) => {
    const connections = await connect(server);
    return {
      blobs: new RedisBlobStore({
        connections,
        confirmations: UNCONFIRMED,
        keys,
        maxBytes,
        lifeMs,
      }),
      connections,
      keys,
    };
  };

  it('are refused beyond the bytes that all may have, and taken when some are given back', async () => {
    const { blobs, connections } = await store(100);
    await using _ = connections;
    await blobs.put('a', blob(60), 'one');
    await refused(blobs.put('b', blob(60), 'two'), 'storage_unavailable');
    await expect(blobs.put('a', blob(60), 'two')).resolves.toBeUndefined();
    await blobs.release('one');
    await refused(blobs.put('b', blob(60), 'two'), 'storage_unavailable');
    await blobs.release('two');
    await blobs.put('b', blob(60), 'two');
    expect((await blobs.get('b'))?.bytes).toHaveLength(60);
  });

  it('are written again when their bytes were lost', async () => {
    const { blobs, connections } = await store(100);
    await using _ = connections;
    await blobs.put('a', blob(6), 'one');
    await connections.commands.use(async (client) => {
      for (const key of await client.keys('*{blob:*')) await client.del(key);
    });
    expect(await blobs.get('a')).toBeUndefined();
    await blobs.put('a', blob(6), 'two');
    expect(await blobs.get('a')).toBeDefined();
  });

  it('that nobody uses are forgotten with their bytes, and their place is free', async () => {
    const { blobs, connections, keys } = await store(100, 50);
    await using _ = connections;
    await blobs.put('a', blob(60), 'one');
    await eventually('room', () => blobs.put('b', blob(60), 'two'));
    expect(await blobs.get('a')).toBeUndefined();
    const [meta] = keys.blobIndex();
    expect(await connections.commands.use((client) => client.hget(meta, 'bytes'))).toBe('60');
  });

  it('hold megabytes, unchanged', async () => {
    const { blobs, connections } = await store(10_000_000);
    await using _ = connections;
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const large = Buffer.concat(Array.from({ length: 80 }, () => bytes));
    await blobs.put('large', { bytes: large.subarray(1), contentType: 'image/jpeg' }, 'one');
    const found = await blobs.get('large');
    expect(Buffer.compare(Buffer.from(found?.bytes ?? []), large.subarray(1))).toBe(0);
  });
});
