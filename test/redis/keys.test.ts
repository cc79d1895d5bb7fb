/** What an engine keeps in Redis: nothing without an end, and nothing beside its prefix. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshSessionId, imageNamed, TENANT } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { freshPrefix } from './engine-contracts.ts';
import { RedisServer } from './redis-server.ts';
import { dueAt, HOUR_MS, mustClaim, token } from './shared-pool/claims.ts';
import { connect, openGateway } from './support.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (prefix: string) => openGateway(server.url, prefix);

describe('redis storage', () => {
  it('gives every key a life time', async () => {
    const prefix = freshPrefix();
    await using engine = await open(prefix);
    await using connections = await connect(server);
    const { queue, images, blobs, idempotency } = engine;
    const now = Date.now();
    await queue.setCeiling(2, 2);
    const image = { imageId: imageNamed('cat'), width: 1, height: 1, bytes: 1, contentType: 'x' };
    const sessionId = freshSessionId();
    const after = { kind: 'prepare', sessionId, tenant: TENANT, image } as const;
    await queue.enqueue(after, { now });
    await queue.enqueue({ ...token('a'), after }, { now });
    await queue.enqueue(token('b'), { now });
    await mustClaim(engine, 'one');
    const lease = await mustClaim(engine, 'two');
    await queue.release(lease, { dirty: true, retryAt: now + HOUR_MS, now });
    await images.join({ tenant: TENANT, imageId: image.imageId }, sessionId, false);
    await blobs.put('blob', { bytes: new Uint8Array(5), contentType: 'x' }, 'holder');
    await idempotency.begin('scope', 'one', 'f', now);
    await idempotency.keep('scope', 'two', 'f', { status: 201, headers: {}, body: '' }, now);
    const lives = () =>
      connections.commands.use(async (client) => {
        const keys = await client.keys(`${prefix}:*`);
        return await Promise.all(keys.map(async (key) => [key, await client.pttl(key)] as const));
      });
    // The pool's come with what every gateway does every few seconds.
    const check = async () => {
      await dueAt(engine);
      const all = await lives();
      expect(all.filter(([, ms]) => ms <= 0)).toEqual([]);
      return all;
    };
    const all = await eventually('a life time for every key', check);
    expect(all.length).toBeGreaterThan(14);
  });

  it('shares one prefix of keys with nobody', async () => {
    await using one = await open(freshPrefix());
    await using two = await open(freshPrefix());
    await one.queue.setCeiling(5, 5);
    expect((await two.queue.load(Date.now())).ceiling).toBe(0);
  });
});
