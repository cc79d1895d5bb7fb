/** What only a pool in Redis can live through: lost replies, lost data, a full memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisKeys } from '../../../src/adapters/redis/keys.ts';
import { POOL } from '../../../src/adapters/redis/pool-scripts.ts';
import { run } from '../../../src/adapters/redis/scripts.ts';
import type { SegmentToken } from '../../../src/ports/work-queue.ts';
import { freshSessionId, imageNamed, refused, TENANT } from '../../contract/support.ts';
import { eventually } from '../../support/eventually.ts';
import { freshPrefix } from '../engine-contracts.ts';
import { RedisServer } from '../redis-server.ts';
import { connect, openGateway } from '../support.ts';
import { claim, dueAt, HOUR_MS, LEASE_MS, mustClaim, token } from './claims.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (prefix: string, on = server) => openGateway(on.url, prefix);

describe('redis pool of several gateways', () => {
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
      ...[0, 'ringer'],
    ];
    const twice = [0, 1].map(() => run(connections.commands, POOL.release, pool, args));
    expect(await Promise.all(twice)).toEqual(['ended', 'gone']);
    expect(await engine.queue.load(Date.now())).toMatchObject({ waiting: 0, leased: 0 });
  });
});
