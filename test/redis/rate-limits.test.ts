/** A5 over two gateways, each with a socket and a connection to Redis of its own. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import type { RateLimit } from '../../src/core/token-bucket.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, send, startGateway } from '../support/http-gateway.ts';
import { RedisServer } from './redis-server.ts';
import { silent } from './support.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

let pairs = 0;

async function openPair(rateLimit: RateLimit) {
  pairs += 1;
  const prefix = `pair-${pairs}`;
  await using opened = new AsyncDisposableStack();
  const gateways: TestGateway[] = [];
  for (let i = 0; i < 2; i += 1) {
    const options = { url: server.url, prefix, settings: DEFAULT_SETTINGS };
    const engine = opened.use(await openRedisEngine({ ...options, log: silent }));
    gateways.push(opened.use(await startGateway({ engine: () => engine, face: { rateLimit } })));
  }
  const [one, two] = gateways;
  if (one === undefined || two === undefined) throw new Error('there are two');
  const kept = opened.move();
  return { one, two, prefix, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Nothing comes back while a test runs. */
const slow = (burst: number): RateLimit => ({ perSecond: 0.01, burst });

const remove = async (gateway: { readonly url: string }, sessionId: string) =>
  (await send(gateway, 'DELETE', paths.object(sessionId, 'none'))).status;

const passed = (statuses: readonly number[]) => statuses.filter((status) => status === 404).length;

test('A5 in turns, two gateways let through what one would, and two more each at most', async () => {
  await using pair = await openPair(slow(10));
  const { sessionId } = await openSession(pair.one);
  const statuses: number[] = [];
  for (let i = 0; i < 20; i += 1) {
    statuses.push(await remove(i % 2 === 0 ? pair.one : pair.two, sessionId));
  }
  expect(passed(statuses)).toBeGreaterThanOrEqual(10);
  expect(passed(statuses)).toBeLessThanOrEqual(10 + 2 * 2);
  expect(statuses.slice(-6)).toEqual(Array(6).fill(429));
});

test('A5 a flood at both at once is no more than a tenth above the burst each', async () => {
  await using pair = await openPair(slow(100));
  const { sessionId } = await openSession(pair.two);
  const flood = Array.from({ length: 300 }, (_, i) =>
    remove(i % 2 === 0 ? pair.one : pair.two, sessionId),
  );
  const statuses = await Promise.all(flood);
  expect(passed(statuses)).toBeGreaterThanOrEqual(100);
  expect(passed(statuses)).toBeLessThanOrEqual(100 + 2 * 10);
});

test('A5 what Redis keeps of it goes by itself', async () => {
  await using pair = await openPair({ perSecond: 50, burst: 20 });
  const { sessionId } = await openSession(pair.one);
  await Promise.all(Array.from({ length: 40 }, () => remove(pair.one, sessionId)));
  const client = new Redis(server.url);
  try {
    const keys = async () => await client.keys(`${pair.prefix}:{bucket:*`);
    await expect.poll(async () => (await keys()).length).toBeGreaterThan(0);
    for (const key of await keys()) {
      // A full burst comes back within 400 ms, the address's as fast.
      const ttl = await client.pttl(key);
      expect(ttl).toBeLessThanOrEqual(400);
      // -2: it went meanwhile; never -1, which is for ever.
      expect(ttl).not.toBe(-1);
    }
    await expect.poll(keys, { timeout: 5_000 }).toEqual([]);
  } finally {
    client.disconnect();
  }
});

test('A5 without Redis requests are refused for that, not for their rate; and go on when it is back', async () => {
  await using pair = await openPair({ perSecond: 20, burst: 200 });
  const statuses = async () => {
    const asked = Array.from({ length: 40 }, () => send(pair.one, 'POST', paths.sessions, {}));
    return (await Promise.all(asked)).map(({ status }) => status);
  };
  expect(new Set(await statuses())).toEqual(new Set([201]));
  await server.stop();
  expect(new Set(await statuses())).toEqual(new Set([503]));
  await server.resume();
  await expect
    .poll(async () => (await send(pair.one, 'POST', paths.sessions, {})).status, {
      timeout: 10_000,
    })
    .toBe(201);
});
