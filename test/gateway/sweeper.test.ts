import { describe, expect, test } from 'vitest';
import { clickId, imageId, objectId } from '../../src/core/ids.ts';
import { Sweeper } from '../../src/gateway/sweeper.ts';
import type { SessionFacts } from '../../src/ports/session-store.ts';
import { meddle } from './support/faulty-engine.ts';
import type { Service } from './support/service.ts';
import { nameOf, openService, SIZE } from './support/service.ts';

const SWEEP_MS = 15_000;

/** What a gateway leaves that dies between the append and the enqueue. */
async function appendOnly(service: Service, facts: SessionFacts, image = 'cat', object = 'left') {
  await service.bare.sessions.accept(facts.sessionId, {
    requestId: `request of ${object}`,
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
    await service.pass(5_000);
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

  test('L7 the touch of a session on another gateway finds what a dead one left', async () => {
    const service = openService();
    const { facts } = await service.readySession();
    await service.pass(2 * SWEEP_MS);
    await service.gateway[Symbol.asyncDispose]();
    await appendOnly(service, facts);
    const sibling = service.spawn();
    sibling.start();
    await service.pass(2 * SWEEP_MS);
    // It has never heard of the session.
    expect(service.server.segments).toHaveLength(0);
    await sibling.sessions.enter(facts.sessionId);
    await service.pass(SWEEP_MS + 1_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L7 a sweep changes nothing where everything waits for its turn already', async () => {
    const service = openService({ settings: { maxWaitMs: 600_000 } });
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
    expect(lost).toBe(1);
    losing = false;
    await service.pass(SWEEP_MS);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L7 a session is watched as long as something of it waits, and no longer', async () => {
    const asked: string[] = [];
    const service = openService({
      wrap: (engine) =>
        meddle(engine, 'sessions', ['dirty'], async (call) => {
          asked.push('dirty');
          return await call();
        }),
    });
    const { facts } = await service.readySession();
    await service.pass(SWEEP_MS);
    const clean = asked.length;
    expect(clean).toBeGreaterThan(0);
    await service.pass(10 * SWEEP_MS);
    expect(asked).toHaveLength(clean);
    await service.gateway.sessions.enter(facts.sessionId);
    await service.pass(10 * SWEEP_MS);
    expect(asked).toHaveLength(clean + 1);
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
    const sweeper = new Sweeper({ ...service.bare, sessions }, service.clock);
    const [first, second] = [await service.readySession('a'), await service.readySession('b')];
    bad.session = first.facts.sessionId;
    sweeper.watch(first.facts);
    sweeper.watch(second.facts);
    await appendOnly(service, second.facts, 'b');
    await expect(sweeper.sweep()).rejects.toThrow('1 failed, the first with: cannot be read');
    await service.pass(1_000);
    expect(await service.logOf(second.facts.sessionId, 'segment.completed')).toHaveLength(1);
  });
});
