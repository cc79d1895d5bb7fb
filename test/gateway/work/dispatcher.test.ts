import { describe, expect, test } from 'vitest';
import type { ClaimRequest } from '../../../src/ports/work-queue.ts';
import { meddle } from '../support/faulty-engine.ts';
import { fault } from '../support/scripted-server.ts';
import { openService } from '../support/service.ts';

describe('dispatching', () => {
  test('B6 never more calls than the server says it can take, however much waits', async () => {
    const service = openService({ concurrency: 3, settings: { maxWaitMs: 600_000 } });
    const { facts, image } = await service.readySession();
    for (let object = 0; object < 10; object += 1) await service.click(facts, image, `o${object}`);
    await service.pass(100);
    expect(service.server.open).toBe(3);
    await service.pass(10_000);
    expect(service.server.mostOpen).toBe(3);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(10);
  });

  test('B6 two gateways together have no more calls open than one', async () => {
    const service = openService({ concurrency: 2, settings: { maxWaitMs: 600_000 } });
    const other = service.spawn();
    other.start();
    const { facts, image } = await service.readySession();
    for (let object = 0; object < 10; object += 1) await service.click(facts, image, `o${object}`);
    await service.pass(10_000);
    expect(service.server.mostOpen).toBe(2);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(10);
  });

  test('A14 sessions take turns: one that asks much does not hold up one that asks little', async () => {
    const service = openService({ settings: { maxWaitMs: 600_000 } });
    const [busy, modest] = [await service.readySession(), await service.readySession()];
    for (let object = 0; object < 8; object += 1) {
      await service.click(busy.facts, busy.image, `o${object}`);
    }
    await service.click(modest.facts, modest.image, 'mine');
    await service.pass(1_600);
    expect(await service.logOf(modest.facts.sessionId, 'segment.completed')).toHaveLength(1);
    expect(await service.logOf(busy.facts.sessionId, 'segment.completed')).toHaveLength(2);
  });

  test('L7 it goes on after a claim has failed, though no doorbell rings again', async () => {
    const failing = { now: false, count: 0 };
    const service = openService({
      wrap: (engine) =>
        meddle(engine, 'queue', ['claim'], async (call) => {
          if (!failing.now) return await call();
          failing.count += 1;
          throw new Error('claim failed');
        }),
    });
    const { facts, image } = await service.readySession();
    failing.now = true;
    await service.click(facts, image, 'left');
    // Past the look that was due anyway, so that nothing is due any more.
    await service.pass(7_000);
    expect(service.logged.some(({ message }) => message === 'claiming work failed')).toBe(true);
    // In no busy loop either.
    expect(failing.count).toBeLessThan(50);
    failing.now = false;
    await service.pass(6_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('it asks for nothing while all places are taken', async () => {
    const claims: number[] = [];
    const service = openService({
      concurrency: 2,
      settings: { maxWaitMs: 600_000 },
      wrap: (engine) => ({
        ...engine,
        queue: new Proxy(engine.queue, {
          get: (target, name) => {
            const method: unknown = Reflect.get(target, name);
            if (typeof method !== 'function') return method;
            return (...args: readonly unknown[]) => {
              if (name === 'claim') claims.push((args[0] as ClaimRequest).most);
              return Reflect.apply(method, target, args);
            };
          },
        }),
      }),
    });
    const { facts, image } = await service.readySession();
    for (const name of ['a', 'b']) await service.click(facts, image, name);
    await service.pass(100);
    claims.length = 0;
    for (const name of ['c', 'd', 'e']) await service.click(facts, image, name);
    expect(claims).toEqual([]);
    await service.pass(2_000);
    // A few more than its places, for what waits in vain and takes none.
    expect(Math.max(...claims)).toBeLessThanOrEqual(2 + 4);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(5);
  });

  test.each(['begin', 'complete'])(
    'L5 a token whose %s failed is offered again when its lease has run out',
    async (name) => {
      const failing = { left: 1 };
      const service = openService({
        settings: { leaseMs: 4_000, callTimeoutMs: 2_000 },
        wrap: (engine) =>
          meddle(engine, 'sessions', [name], async (call) => {
            if (failing.left === 0) return await call();
            failing.left -= 1;
            throw new Error('the storage was away');
          }),
      });
      const { facts, image } = await service.readySession();
      await service.click(facts, image, 'left');
      await service.pass(3_000);
      expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(0);
      await service.pass(5_000);
      expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
    },
  );

  test('B1 a server that cannot be reached at the start: down, then ok, then everything is served', async () => {
    const service = openService({
      prepare: (server) => server.infoFaults.push(...[1, 2, 3].map(() => fault('failed'))),
    });
    const facts = await service.session();
    const sink = await service.stream(facts);
    const image = await service.addImage(facts);
    const { queue } = await service.click(facts, image, 'left');
    expect(queue.state).toBe('queued');
    expect(await service.gateway.health.readiness()).toMatchObject({ ready: false });
    await service.pass(5_000);
    // The first failure came before anybody looked: the snapshot tells it.
    const told = sink.of('session.snapshot')[0]?.data.payload.service;
    expect(told).toEqual({ state: 'down', reason: 'feature_server' });
    const states = sink.of('service.updated').map(({ data }) => data.payload.state);
    expect(states).toEqual(['ok']);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
    expect(await service.gateway.health.readiness()).toEqual({ ready: true, problems: [] });
  });

  test('A22 service.updated tells an open stream that the server cannot be reached', async () => {
    const service = openService({
      prepare: (server) => {
        server.infoMs = 1_000;
        server.infoFaults.push(fault('failed'));
      },
    });
    const sink = await service.stream(await service.session());
    await service.pass(5_000);
    const states = sink.of('service.updated').map(({ data }) => data.payload.state);
    expect(states).toEqual(['down', 'ok']);
  });

  test('A25 draining claims nothing new and finishes what runs', async () => {
    const service = openService({ settings: { maxWaitMs: 600_000 } });
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'left');
    await service.click(facts, image, 'right');
    await service.pass(100);
    let drained = false;
    void service.gateway.drain().then(() => {
      drained = true;
    });
    await service.pass(300);
    expect(drained).toBe(false);
    await service.pass(200);
    expect(drained).toBe(true);
    await service.pass(5_000);
    const completed = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed.map(({ payload }) => payload.objectId)).toEqual(['left']);
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({
      waiting: 1,
      leased: 0,
    });
    // Its sibling goes on with the rest.
    service.spawn().start();
    await service.pass(1_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(2);
  });

  test('A25 draining waits for a claim that is on its way, and for its work, and sends no other', async () => {
    const service = openService({
      concurrency: 2,
      wrap: (engine, clock) =>
        meddle(engine, 'queue', ['claim'], async (call) => {
          const lease = await call();
          await clock.sleep(50);
          return lease;
        }),
    });
    const { facts, image } = await service.readySession();
    await service.pass(1_000);
    await service.click(facts, image, 'left');
    await service.click(facts, image, 'right');
    let drained = false;
    void service.gateway.drain().then(() => {
      drained = true;
    });
    await service.pass(10);
    expect(drained).toBe(false);
    await service.pass(700);
    expect(drained).toBe(true);
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({
      waiting: 1,
      leased: 0,
    });
  });

  test('A25 a gateway that has stopped does nothing any more', async () => {
    const service = openService();
    await service.pass(100);
    const calls = { count: 0 };
    for (const port of [service.bare.queue, service.bare.sessions, service.bare.log]) {
      for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(port))) {
        const method: unknown = Reflect.get(port, name);
        if (typeof method !== 'function' || name === 'constructor') continue;
        Reflect.set(port, name, (...args: unknown[]) => {
          calls.count += 1;
          return Reflect.apply(method, port, args);
        });
      }
    }
    await service.pass(20_000);
    expect(calls.count).toBeGreaterThan(0);
    await service.gateway[Symbol.asyncDispose]();
    calls.count = 0;
    await service.pass(600_000);
    expect(calls.count).toBe(0);
  });
});
