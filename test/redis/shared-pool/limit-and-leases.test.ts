/** One limit and one clock for all gateways. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { freshPrefix } from '../engine-contracts.ts';
import { RedisServer } from '../redis-server.ts';
import { openGateway } from '../support.ts';
import { claim, dueAt, HOUR_MS, LEASE_MS, mustClaim, token } from './claims.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (prefix: string) => openGateway(server.url, prefix);

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
});
