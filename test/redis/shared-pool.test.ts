/** What only a pool in Redis can live through: other gateways, lost replies, lost data, a full memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisBlobStore } from '../../src/adapters/redis/blob-store.ts';
import { UNCONFIRMED } from '../../src/adapters/redis/confirmations.ts';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { POOL } from '../../src/adapters/redis/pool-scripts.ts';
import { run } from '../../src/adapters/redis/scripts.ts';
import { objectId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { SegmentToken } from '../../src/ports/work-queue.ts';
import {
  CONTRACT_SETTINGS,
  freshSessionId,
  imageNamed,
  refused,
  TENANT,
  within,
} from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { RedisServer } from './redis-server.ts';
import { connect, silent } from './support.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 10_000;

let server: RedisServer;
let prefixes = 0;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

function freshPrefix(): string {
  prefixes += 1;
  return `shared-${prefixes}`;
}

function open(prefix: string, on = server): Promise<Engine> {
  return openRedisEngine({ url: on.url, prefix, settings: CONTRACT_SETTINGS, log: silent });
}

const token = (name: string): SegmentToken => ({
  kind: 'segment',
  sessionId: freshSessionId(),
  objectId: objectId(name),
});

async function claim({ queue }: Engine, claimId: string, leaseMs = LEASE_MS) {
  const now = Date.now();
  return (await queue.claim({ gatewayId: 'gateway', claimId, most: 1, leaseMs, now })).leases[0];
}

/** Claims nothing; when something is due, to a gateway whose clock is wrong by so much. */
async function dueAt({ queue }: Engine, skewMs = 0) {
  const now = Date.now() + skewMs;
  const look = { gatewayId: 'gateway', claimId: 'look', most: 0, leaseMs: LEASE_MS, now };
  return (await queue.claim(look)).dueAt;
}

async function mustClaim(engine: Engine, claimId: string) {
  const lease = await claim(engine, claimId);
  if (lease === undefined) throw new Error('nothing may start');
  return lease;
}

describe('redis pool of several gateways', () => {
  it('B6 keeps the limit over all gateways, however many claim at once', async () => {
    const prefix = freshPrefix();
    await using one = await open(prefix);
    await using two = await open(prefix);
    await one.queue.setCeiling(3, 3);
    for (let n = 0; n < 20; n += 1) await one.queue.enqueue(token(`o${n}`), { now: Date.now() });
    const claims = Array.from({ length: 20 }, (_, n) => claim(n % 2 ? one : two, `claim ${n}`));
    const leases = (await Promise.all(claims)).filter((lease) => lease !== undefined);
    expect(leases).toHaveLength(3);
    expect(new Set(leases.map(({ fence }) => fence)).size).toBe(3);
    expect(await two.queue.load(Date.now())).toMatchObject({ waiting: 17, leased: 3, limit: 3 });
  });

  it('rings at the other gateways', async () => {
    const prefix = freshPrefix();
    await using one = await open(prefix);
    await using two = await open(prefix);
    const { promise, resolve } = Promise.withResolvers<void>();
    two.queue.onAvailable(resolve);
    await one.queue.enqueue(token('o'), { now: Date.now() });
    await expect(within('the bell', promise)).resolves.toBeUndefined();
  });

  it('rings at its own gateway when the command is sent, and once: a claim that is given then finds the token', async () => {
    const prefix = freshPrefix();
    await using one = await open(prefix);
    await using two = await open(prefix);
    await one.queue.setCeiling(5, 5);
    await claim(one, 'scripts are known');
    const claims: ReturnType<typeof claim>[] = [];
    const end = one.queue.onAvailable(() => void claims.push(claim(one, `ring ${claims.length}`)));
    const added = token('a');
    await one.queue.enqueue(added, { now: Date.now() });
    // Another's ring is heard after it.
    await two.queue.enqueue(token('b'), { now: Date.now() });
    await expect.poll(() => claims.length).toBe(2);
    expect((await claims[0])?.token).toEqual(added);
    end();
  });

  it('rings once more when the command was carried out later than it was sent', async () => {
    await using own = await RedisServer.start();
    await using engine = await open(freshPrefix(), own);
    await engine.queue.setCeiling(5, 5);
    await claim(engine, 'claims are known, entries are not');
    const found: (SegmentToken | undefined)[] = [];
    engine.queue.onAvailable(() => {
      void claim(engine, `ring ${found.length}`).then((lease) =>
        found.push(lease?.token as SegmentToken),
      );
    });
    const added = token('a');
    await engine.queue.enqueue(added, { now: Date.now() });
    await expect.poll(() => found.filter((one) => one !== undefined)).toEqual([added]);
  });

  it('rings at its own gateway for the end of a lease only if something waits or is offered again', async () => {
    const prefix = freshPrefix();
    await using one = await open(prefix);
    await using two = await open(prefix);
    const ceilingHeard = Promise.withResolvers<void>();
    const end = one.queue.onAvailable(ceilingHeard.resolve);
    await one.queue.setCeiling(5, 5);
    await ceilingHeard.promise;
    end();
    for (const name of ['first', 'clean', 'dirty'])
      await one.queue.enqueue(token(name), { now: Date.now() });
    // From here on the server knows all scripts, and carries them out in order.
    await one.queue.release(await mustClaim(one, 'first'), { dirty: false, now: Date.now() });
    const clean = await mustClaim(one, 'clean');
    const dirty = await mustClaim(one, 'dirty');
    let rings = 0;
    one.queue.onAvailable(() => {
      rings += 1;
    });
    const heard = Promise.withResolvers<void>();
    two.queue.onAvailable(heard.resolve);
    await one.queue.release(clean, { dirty: false, now: Date.now() });
    await heard.promise;
    expect(rings).toBe(0);
    await one.queue.release(dirty, { dirty: true, now: Date.now() });
    await expect.poll(() => rings).toBe(1);
  });

  it('counter-example 7: a gateway whose clock is an hour ahead ends no lease', async () => {
    const prefix = freshPrefix();
    await using right = await open(prefix);
    await using wrong = await open(prefix);
    await right.queue.setCeiling(2, 2);
    await right.queue.enqueue(token('a'), { now: Date.now() });
    const lease = await mustClaim(right, 'claim');
    expect(await dueAt(wrong, HOUR_MS)).toBeGreaterThan(Date.now() + HOUR_MS);
    expect(await right.queue.renew(lease, LEASE_MS, Date.now())).toBe(true);
  });

  it('tells each gateway by its own clock when something is due', async () => {
    const prefix = freshPrefix();
    await using right = await open(prefix);
    await using wrong = await open(prefix);
    await right.queue.setCeiling(1, 1);
    await right.queue.enqueue(token('a'), { now: Date.now() });
    const lease = await mustClaim(right, 'claim');
    const near = (ms: number | undefined) => Math.abs((ms ?? 0) - Date.now() - LEASE_MS) < 1_000;
    expect(near(await dueAt(right))).toBe(true);
    expect(near(((await dueAt(wrong, HOUR_MS)) ?? 0) - HOUR_MS)).toBe(true);
    const now = Date.now() + HOUR_MS;
    await wrong.queue.release(lease, { dirty: true, retryAt: now + LEASE_MS, now });
    expect(near(await dueAt(right))).toBe(true);
  });

  it('offers again what nobody renews, by the time of Redis', async () => {
    await using engine = await open(freshPrefix());
    await engine.queue.setCeiling(1, 1);
    await engine.queue.enqueue(token('a'), { now: Date.now() });
    const old = await claim(engine, 'first', 1);
    const young = await eventually('the end of the lease', () => mustClaim(engine, 'second'));
    expect(young.attempts).toBe(1);
    expect(young.fence).toBeGreaterThan(old?.fence ?? Number.POSITIVE_INFINITY);
  });

  it('counter-example 10: fences rise over a loss of all data, and the ceiling is set again', async () => {
    await using own = await RedisServer.start();
    await using engine = await open(freshPrefix(), own);
    await engine.queue.setCeiling(2, 2);
    await engine.queue.enqueue(token('a'), { now: Date.now() });
    const old = await mustClaim(engine, 'before');
    await own.stop();
    await own.resume();
    await eventually('Redis', () => engine.ready());
    await engine.queue.enqueue(token('b'), { now: Date.now() });
    // The first claim finds that leases may have been lost, and closes the pool for one of its own.
    expect(await claim(engine, 'too early', 1)).toBeUndefined();
    const young = await eventually('a lease', () => mustClaim(engine, 'after'));
    expect(young.fence).toBeGreaterThan(old.fence);
    expect(await engine.queue.load(Date.now())).toMatchObject({
      waiting: 0,
      leased: 1,
      limit: 1,
      ceiling: 2,
    });
  });

  it('B6 gives no lease after a restart until the calls from before it have ended', async () => {
    await using own = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
    await using engine = await open(freshPrefix(), own);
    await engine.queue.setCeiling(2, 2);
    for (const name of ['a', 'b']) await engine.queue.enqueue(token(name), { now: Date.now() });
    const old = await mustClaim(engine, 'before');
    await own.stop();
    await own.resume();
    await eventually('Redis', () => engine.ready());
    expect(await engine.queue.load(Date.now())).toMatchObject({ waiting: 1, leased: 1, limit: 2 });
    const leaseMs = 600;
    const since = Date.now();
    expect(await claim(engine, 'too early', leaseMs)).toBeUndefined();
    expect(await dueAt(engine)).toBeLessThanOrEqual(Date.now() + leaseMs);
    // What was leased before is not touched by that.
    expect(await engine.queue.renew(old, LEASE_MS, Date.now())).toBe(true);
    await engine.queue.release(old, { dirty: false, now: Date.now() });
    await eventually('a lease', () => mustClaim(engine, 'after'));
    expect(Date.now() - since).toBeGreaterThanOrEqual(leaseMs - 5);
  });

  it('runs scripts again that Redis has forgotten', async () => {
    await using engine = await open(freshPrefix());
    await using connections = await connect(server);
    await connections.commands.use((client) => client.script('FLUSH'));
    await engine.queue.setCeiling(1, 1);
    await engine.queue.enqueue(token('a'), { now: Date.now() });
    expect(await claim(engine, 'claim')).toBeDefined();
  });

  it('ends what is under way when the memory is full, and begins nothing', async () => {
    await using own = await RedisServer.start();
    await using engine = await open(freshPrefix(), own);
    await using connections = await connect(own);
    await engine.queue.setCeiling(1, 1);
    await engine.queue.enqueue(token('a'), { now: Date.now() });
    await engine.queue.enqueue(token('b'), { now: Date.now() });
    const key = { tenant: TENANT, imageId: imageNamed('cat') };
    const session = freshSessionId();
    await engine.images.join(key, session, false);
    await connections.commands.use((client) => client.config('SET', 'maxmemory', '1'));
    await refused(engine.queue.enqueue(token('c'), { now: Date.now() }), 'storage_unavailable');
    await refused(engine.images.join(key, freshSessionId(), false), 'storage_unavailable');
    for (const name of ['first', 'second']) {
      const lease = await mustClaim(engine, name);
      expect(await engine.queue.renew(lease, LEASE_MS, Date.now())).toBe(true);
      await engine.queue.release(lease, { dirty: false, now: Date.now() });
    }
    expect(await engine.images.settle(key, { state: 'ready' })).toEqual([session]);
    await engine.images.leave(key, session);
    expect(await engine.images.find(key)).toBeUndefined();
  });

  it('L5 a command that is carried out twice leaves the pool as once', async () => {
    const prefix = freshPrefix();
    await using engine = await open(prefix);
    await using connections = await connect(server);
    await engine.queue.setCeiling(5, 5);
    await engine.queue.enqueue(token('a'), { now: Date.now() });
    const lease = await mustClaim(engine, 'claim');
    const pool = new RedisKeys(prefix).pool();
    const { sessionId, objectId: object } = lease.token as SegmentToken;
    const args = [
      `segment ${sessionId} ${object}`,
      lease.fence,
      0,
      '',
      '',
      HOUR_MS,
      'bell',
      ...['', '', '', ''],
      ...[0, 1, 'ringer'],
    ];
    const twice = [0, 1].map(() => run(connections.commands, POOL.release, pool, args));
    expect(await Promise.all(twice)).toEqual(['ended', 'gone']);
    expect(await engine.queue.load(Date.now())).toMatchObject({ waiting: 0, leased: 0 });
  });
});

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
