/** What callers see while Redis is away and when it is back: a whole gateway on sockets, a real server. */
import { describe, expect, test } from 'vitest';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import { systemRandom } from '../../src/adapters/system/system-random.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import { paths } from '../../src/protocol/routes.ts';
import { FaultProxy } from '../chaos/fault-proxy.ts';
import { click, openWithImage, send, snapshotOf, startGateway } from '../support/http-gateway.ts';
import type { Frame, StreamReader } from '../support/http-reader.ts';
import { openStream } from '../support/http-reader.ts';
import { RedisServer } from './redis-server.ts';
import { silent } from './support.ts';

/** After a restart nothing is claimed for the length of a lease. */
const settings = {
  ...DEFAULT_SETTINGS,
  heartbeatMs: 300,
  leaseMs: 2_000,
  callTimeoutMs: 1_000,
  encodeTimeoutMs: 1_000,
};
/** Far beyond what is promised: these machines stand still at times. */
const PATIENCE_MS = 20_000;

/** A gateway on the Redis at that port. */
async function gatewayOn(port: number) {
  await using opened = new AsyncDisposableStack();
  const engine = opened.use(
    await openRedisEngine({
      url: `redis://127.0.0.1:${port}`,
      settings,
      log: silent,
    }),
  );
  const gateway = opened.use(await startGateway({ settings, engine: () => engine }));
  const kept = opened.move();
  const { url } = gateway;
  return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

type Running = Awaited<ReturnType<typeof gatewayOn>>;

/** A session that is read through one gateway, whose link to Redis can be spoiled. */
async function scene(args: readonly string[] = []) {
  await using opened = new AsyncDisposableStack();
  const redis = opened.use(await RedisServer.start(args));
  const link = opened.use(await FaultProxy.open(redis.port, systemRandom));
  const gateway = opened.use(await gatewayOn(link.port));
  const { sessionId, imageId } = await openWithImage(gateway);
  const reader = opened.use(
    await openStream(`${gateway.url}${paths.events(sessionId)}`, {}, PATIENCE_MS),
  );
  await reader.named('session.snapshot');
  const kept = opened.move();
  return {
    redis,
    link,
    gateway,
    sessionId,
    imageId,
    reader,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

type Scene = Awaited<ReturnType<typeof scene>>;

const served = (state: string) => (frame: Frame) =>
  frame.event === 'service.updated' && frame.data.payload['state'] === state;

const sequencesOf = (reader: StreamReader) =>
  reader.frames.flatMap(({ data }) => (data.sequence === undefined ? [] : [data.sequence]));

/** Sequences of events rise by one, from the first that was seen. */
function expectNoHole(reader: StreamReader): void {
  const seen = sequencesOf(reader);
  expect(seen).toEqual(seen.map((_, at) => (seen[0] ?? 0) + at));
}

/** The events of a click, to its end, as the reader sees them. */
async function clickAndSee(through: Running, { sessionId, imageId, reader }: Scene, x: number) {
  const points = [{ x, y: 3, label: 1 }];
  const { clickId } = await click(through, sessionId, { imageId, points });
  return await reader.next(`the end of the click at ${x}`, ({ event, data }) => {
    const { covers } = data.payload;
    return event === 'segment.completed' && Array.isArray(covers) && covers.includes(clickId);
  });
}

async function readiness({ url }: Running) {
  const response = await fetch(`${url}/readyz`);
  const { problems } = (await response.json()) as { problems: readonly string[] };
  return { status: response.status, problems };
}

const soon = { timeout: PATIENCE_MS, interval: 50 };

/** How Redis can be away, and how it comes back with everything that it had. */
const OUTAGES = {
  'is stopped and stays connected': {
    begin: async ({ redis }: Scene) => redis.freeze(),
    end: async ({ redis }: Scene) => redis.thaw(),
  },
  'is behind a link that swallows everything': {
    begin: async ({ link }: Scene) => link.set({ blackHole: true }),
    end: async ({ link }: Scene) => link.set({}),
  },
} as const;

describe('while Redis is away', () => {
  test.each(Object.entries(OUTAGES))(
    'A22 A25 A30 streams stay open and are told, all else is refused: Redis %s',
    async (_, { begin, end }) => {
      await using it = await scene();
      const { gateway, reader, sessionId, imageId } = it;
      await clickAndSee(gateway, it, 1);
      await begin(it);
      const body = { imageId, points: [{ x: 2, y: 3, label: 1 }] };
      const key = { 'idempotency-key': 'the-same-click' };
      const refused = await send(gateway, 'POST', paths.clicks(sessionId), body, key);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(await refused.json()).toMatchObject({ code: 'storage_unavailable', retryable: true });
      expect(await readiness(gateway)).toEqual({
        status: 503,
        problems: ['The storage cannot be reached.'],
      });
      const told = await reader.next('the loss', served('down'));
      expect(told.data.payload).toEqual({ state: 'down', reason: 'storage' });
      const beats = reader.frames.length;
      await expect.poll(() => reader.frames.length, soon).toBeGreaterThan(beats + 2);
      expect(reader.frames.at(-1)).toMatchObject({
        event: 'heartbeat',
        id: reader.frames.findLast(({ data }) => data.sequence !== undefined)?.id,
      });
      // One that comes now is answered in a way that EventSource survives.
      const late = await openStream(`${gateway.url}${paths.events(sessionId)}`, {}, PATIENCE_MS);
      expect(late.response.status).toBe(200);
      await late.end();
      expect(late.frames.map(({ event }) => event)).toEqual(['stream.draining']);
      await end(it);
      await reader.next('the return', served('ok'));
      await expect.poll(async () => (await readiness(gateway)).status, soon).toBe(200);
      const again = await send(gateway, 'POST', paths.clicks(sessionId), body, key);
      expect(again.status).toBe(202);
      await clickAndSee(gateway, it, 4);
      expectNoHole(reader);
      expect(reader.frames.filter(({ event }) => event === 'stream.reset')).toEqual([]);
      expect(reader.frames.filter(({ event }) => event === 'click.accepted')).toHaveLength(3);
    },
  );
});

describe('after Redis was away', () => {
  test.each(['cut', 'silent'])(
    'A23 a stream has no hole, whatever others did while its link was %s',
    async (how) => {
      await using it = await scene();
      await using other = await gatewayOn(it.redis.port);
      for (let x = 1; x <= 5; x += 1) {
        if (how === 'cut') it.link.resetAll();
        else it.link.set({ blackHole: true });
        const points = [{ x, y: 3, label: 1 }];
        await click(other, it.sessionId, { imageId: it.imageId, points });
        it.link.set({});
      }
      await clickAndSee(other, it, 6);
      expectNoHole(it.reader);
      expect(it.reader.frames.filter(({ event }) => event === 'stream.reset')).toEqual([]);
      expect(it.reader.frames.filter(({ event }) => event === 'click.accepted')).toHaveLength(6);
    },
  );

  test('L9 a restart that keeps the data resets open streams, with a snapshot, and goes on', async () => {
    await using it = await scene(['--appendonly', 'yes', '--appendfsync', 'always']);
    const { gateway, reader, redis, sessionId } = it;
    await clickAndSee(gateway, it, 1);
    await redis.stop();
    await reader.next('the loss', served('down'));
    await redis.resume();
    const reset = await reader.named('stream.reset');
    expect(reset.data.payload['reason']).toBe('epoch_changed');
    const before = reader.frames.indexOf(reset);
    const snapshot = await reader.next(
      'the snapshot',
      (frame) => frame.event === 'session.snapshot' && reader.frames.indexOf(frame) > before,
    );
    expect(snapshot.data.payload).toMatchObject({ objects: [{ status: 'ready' }] });
    await reader.next('the return', served('ok'));
    const point = await clickAndSee(gateway, it, 2);
    expect(point.data.sequence).toBe(2);
    const { cursor } = await snapshotOf(gateway, sessionId);
    expect(cursor).toBe(point.id);
  });

  test('A8 a restart that keeps nothing ends streams, and the session is not found', async () => {
    await using it = await scene();
    const { gateway, reader, redis, sessionId, imageId } = it;
    await redis.stop();
    await reader.next('the loss', served('down'));
    await redis.resume();
    await reader.end();
    const events = await fetch(`${gateway.url}${paths.events(sessionId)}`);
    expect(events.status).toBe(404);
    const points = [{ x: 1, y: 1, label: 1 }];
    const refused = await send(gateway, 'POST', paths.clicks(sessionId), { imageId, points });
    expect(await refused.json()).toMatchObject({ code: 'session_not_found', retryable: false });
    expect(await openWithImage(gateway)).toMatchObject({ imageId });
  });
});
