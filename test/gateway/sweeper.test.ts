import { describe, expect, test } from 'vitest';
import { clickId, imageId, objectId, sessionId } from '../../src/core/ids.ts';
import { Sweeper } from '../../src/gateway/sweeper.ts';
import { turnCosts } from '../../src/gateway/work/turn-cost.ts';
import type { SessionFacts } from '../../src/ports/session-store.ts';
import { LosableQueue } from '../sim/losable-queue.ts';
import { meddle } from './support/faulty-engine.ts';
import type { Service } from './support/service.ts';
import { nameOf, openService, SIZE } from './support/service.ts';

/** The span after which a session is looked at again, and until somebody notices that. */
const SWEEP_MS = 20_000;

/** What a gateway leaves that dies between the append and the enqueue. */
async function appendOnly(service: Service, facts: SessionFacts, image = 'cat', object = 'left') {
  await service.bare.sessions.accept(facts.sessionId, {
    clickId: clickId(`clk_${object}`.padEnd(20, '0')),
    imageId: imageId(nameOf(image)),
    objectId: objectId(object),
    part: { points: [{ x: 1, y: 1, label: 1 }] },
    now: service.clock.now(),
  });
}

describe('the sweep', () => {
  test('L7 a click that was appended and never enqueued is served after a sweep', async () => {
    const service = openService();
    const { facts } = await service.readySession();
    await appendOnly(service, facts);
    await service.pass(4_000);
    expect(service.server.segments).toHaveLength(0);
    await service.pass(SWEEP_MS);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L7 an image that was added and never enqueued is prepared after a sweep', async () => {
    const service = openService();
    const facts = await service.session();
    const id = imageId(nameOf('cat'));
    const image = { ...SIZE, imageId: id, bytes: 1, contentType: 'image/png' };
    await service.bare.sessions.addImage(facts.sessionId, image, service.clock.now());
    await appendOnly(service, facts);
    await service.pass(SWEEP_MS + 2_000);
    expect(await service.logOf(facts.sessionId, 'image.ready')).toHaveLength(1);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test.each(['ready', 'failed'] as const)(
    'L7 an image that is %s, of which its session was never told, is told by a sweep',
    async (state) => {
      const service = openService();
      const facts = await service.session();
      const id = imageId(nameOf('cat'));
      const image = { ...SIZE, imageId: id, bytes: 1, contentType: 'image/png' };
      await service.bare.sessions.addImage(facts.sessionId, image, service.clock.now());
      const key = { tenant: facts.tenant, imageId: id };
      await service.bare.images.join(key, facts.sessionId, false);
      const problem = { type: 't', title: 't', detail: 'd', retryable: false } as const;
      await service.bare.images.settle(
        key,
        state === 'ready'
          ? { state }
          : { state, problem: { ...problem, code: 'feature_server_failed' } },
      );
      await service.pass(SWEEP_MS + 1_000);
      expect(await service.logOf(facts.sessionId, `image.${state}`)).toHaveLength(1);
      expect(service.server.encodes).toHaveLength(0);
    },
  );

  test('L7 another gateway finds what a dead one left, though nobody comes back', async () => {
    const service = openService();
    const { facts } = await service.readySession();
    await service.gateway[Symbol.asyncDispose]();
    await appendOnly(service, facts);
    service.spawn().start();
    await service.pass(SWEEP_MS + 1_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L7 a session is watched before it is changed, however seldom it is used', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    await service.pass(3_600_000);
    await service.gateway.sessions.enter(facts.sessionId);
    await service.pass(59_000);
    await service.gateway.sessions.enter(facts.sessionId);
    await service.gateway[Symbol.asyncDispose]();
    await appendOnly(service, facts);
    // The others come late: a mark lasts for minutes.
    await service.pass(100_000);
    service.spawn().start();
    await service.pass(SWEEP_MS);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
    expect(image).toBeDefined();
  });

  test('L7 a session with a stream is watched as long as that is open', async () => {
    const service = openService();
    const { facts } = await service.readySession();
    await service.stream(facts);
    await service.pass(3_600_000);
    await appendOnly(service, facts);
    await service.pass(SWEEP_MS + 1_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L7 after a loss of the pool all sessions are looked at, used or not', async () => {
    const pool: { lost?: LosableQueue } = {};
    const service = openService({
      settings: { maxWaitMs: 600_000, deadlineMs: 3_600_000, sessionTtlMs: 86_400_000 },
      wrap: (engine, clock) => {
        pool.lost = new LosableQueue(clock, 1, 15_000);
        return { ...engine, queue: pool.lost.port };
      },
    });
    const sessions = [await service.readySession('a'), await service.readySession('b')];
    // Nobody may work on them for ten minutes, and nobody asks.
    await service.engine.queue.setCeiling(0);
    for (const { facts, image } of sessions) await service.click(facts, image, 'left');
    await service.pass(600_000);
    pool.lost?.lose();
    await service.engine.queue.setCeiling(1);
    expect(await service.engine.queue.load(service.clock.now())).toMatchObject({
      waiting: 0,
      leased: 0,
    });
    await service.pass(15_000 + 2 * SWEEP_MS);
    for (const { facts } of sessions) {
      expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
    }
  });

  test('L7 nobody can fill the list with sessions that there are not', async () => {
    const service = openService();
    const nobody = sessionId('ses_0000000000000000000000');
    await expect(service.gateway.sessions.enter(nobody)).rejects.toThrow('no session');
    expect(await service.bare.watch.take(10, 1_000, service.clock.now() + 60_000)).toEqual([]);
  });

  test('L7 gateways share the sessions: each is looked at once in a while, not by each', async () => {
    let looks = 0;
    const service = openService({
      wrap: (engine) =>
        meddle(engine, 'sessions', ['dirty'], async (call) => {
          looks += 1;
          return await call();
        }),
    });
    for (let n = 0; n < 3; n += 1) service.spawn().start();
    for (let n = 0; n < 10; n += 1) await service.session();
    await service.pass(60_000);
    expect(looks).toBeGreaterThanOrEqual(30);
    expect(looks).toBeLessThanOrEqual(40);
  });

  test('L7 a sweep changes nothing where everything waits for its turn already', async () => {
    const service = openService({ settings: { maxWaitMs: 600_000, deadlineMs: 600_000 } });
    const { facts, image } = await service.readySession();
    service.server.segmentMs = 9_000;
    for (const name of ['a', 'b', 'c', 'd']) await service.click(facts, image, name);
    const order = ['a', 'b', 'c', 'd'];
    await service.pass(60_000);
    const completed = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed.map(({ payload }) => payload.objectId)).toEqual(order);
    // Once more at most for each that a sweep found under way: nothing is dirty then, so none.
    expect(service.server.segments).toHaveLength(4);
  });

  test('L7 what a sweep enqueued and the pool lost is found by the next, though nobody touches it', async () => {
    let lost = 0;
    const service = openService({
      wrap: (engine) =>
        meddle(engine, 'queue', ['enqueue'], async (call) => {
          if (!losing) return await call();
          lost += 1;
          return { state: 'queued', position: 0 };
        }),
    });
    let losing = false;
    const { facts } = await service.readySession();
    await appendOnly(service, facts);
    losing = true;
    await service.pass(SWEEP_MS + 1_000);
    expect(lost).toBeGreaterThan(0);
    losing = false;
    await service.pass(SWEEP_MS);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L7 a session that nobody uses is watched no more after some minutes', async () => {
    let looks = 0;
    const service = openService({
      wrap: (engine) =>
        meddle(engine, 'sessions', ['dirty'], async (call) => {
          looks += 1;
          return await call();
        }),
    });
    const { facts } = await service.readySession();
    await service.pass(300_000);
    expect(looks).toBeGreaterThan(0);
    const before = looks;
    await service.pass(600_000);
    expect(looks).toBe(before);
    await service.gateway.sessions.enter(facts.sessionId);
    await service.pass(20_000);
    expect(looks).toBe(before + 1);
  });

  test('L7 one session that cannot be swept does not keep the others from it', async () => {
    const bad: { session?: string } = {};
    const service = openService();
    const sessions = new Proxy(service.bare.sessions, {
      get: (target, name) => {
        const method = Reflect.get(target, name).bind(target);
        if (name !== 'dirty') return method;
        return async (session: string) => {
          if (session === bad.session) throw new Error('cannot be read');
          return await method(session);
        };
      },
    });
    const sweeper = new Sweeper(
      { ...service.bare, sessions },
      service.clock,
      turnCosts({}),
      service.settings.deadlineMs,
    );
    const [first, second] = [await service.readySession('a'), await service.readySession('b')];
    bad.session = first.facts.sessionId;
    await service.gateway[Symbol.asyncDispose]();
    await appendOnly(service, second.facts, 'b');
    await service.pass(SWEEP_MS);
    await expect(sweeper.sweep()).rejects.toThrow('1 failed, the first with: cannot be read');
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({ waiting: 1 });
  });
});
