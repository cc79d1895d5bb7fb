import { describe, expect, test } from 'vitest';
import { objectId } from '../../../src/core/ids.ts';
import { passingFrame } from '../../../src/gateway/stream/frames.ts';
import { HandSink } from '../support/hand-sink.ts';
import { openService } from '../support/service.ts';

const MIB = 1024 * 1024;
/** The largest event: a mask whose counts are as long as A21 allows. */
const LARGE = 256 * 1024;

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A session with a stream that takes nothing any more. */
async function stuck(settings = {}) {
  const service = openService({ settings });
  const facts = await service.chattySession();
  const sink = await service.stream(facts);
  sink.holding = true;
  return { service, facts, sink };
}

describe('a reader that cannot keep up', () => {
  test('A27 costs less than 1 MiB, however much is appended', async () => {
    const { service, facts, sink } = await stuck();
    for (let step = 0; step < 40; step += 1) {
      await service.append(facts, 1, LARGE);
      await service.pass(10);
    }
    expect(sink.mostWaiting).toBeLessThan(MIB);
    expect(sink.mostWaiting).toBeGreaterThan(100_000);
    expect(sink.over).toBe(false);
  });

  test('A27 loses nothing logged when it drains, and repeats nothing', async () => {
    const { service, facts, sink } = await stuck();
    await service.append(facts, 20, LARGE);
    await service.append(facts, 300);
    sink.release();
    await service.pass(0);
    expect(sink.sequences).toEqual(range(6, 325));
    expect(sink.of('stream.reset')).toEqual([]);
    await service.append(facts, 2);
    expect(sink.sequences).toEqual(range(6, 327));
  });

  test('A27 the same when its network takes a little at a time, between appends', async () => {
    const { service, facts, sink } = await stuck();
    for (let step = 0; step < 60; step += 1) {
      await service.append(facts, 3, step % 7 === 0 ? LARGE : 500);
      sink.take(service.random.between(1, 90_000));
      await service.pass(1);
    }
    expect(sink.mostWaiting).toBeLessThan(MIB);
    while (sink.backlog > 0) {
      sink.take(70_000);
      await service.pass(0);
    }
    expect(sink.sequences).toEqual(range(6, 185));
  });

  test('A27 passing frames are dropped for it, but how the service is it learns at the end', async () => {
    const { service, facts, sink } = await stuck();
    await service.append(facts, 3, LARGE);
    const { sessionId } = facts;
    const place = { objectId: objectId('padding'), position: 1, etaMs: 1 };
    const pass = () =>
      service.engine.log.pass(sessionId, passingFrame('queue.updated', place, service.clock.now()));
    pass();
    service.gateway.streams.setServiceState('degraded');
    sink.release();
    await service.pass(0);
    expect(sink.sequences).toEqual([6, 7, 8]);
    expect(sink.of('queue.updated')).toEqual([]);
    expect(sink.of('service.updated').map(({ data }) => data.payload.state)).toEqual(['degraded']);
    pass();
    await service.pass(0);
    expect(sink.of('queue.updated')).toHaveLength(1);
  });

  test('A27 is cut when it takes nothing for 30 s', async () => {
    const { service, facts, sink } = await stuck();
    await service.append(facts, 1);
    await service.pass(29_000);
    expect(sink.destroyed).toBe(false);
    await service.pass(3_000);
    expect(sink.destroyed).toBe(true);
    expect(service.gateway.streams.sessions).toEqual([]);
  });

  test('A27 is cut in the midst of catching up, too', async () => {
    const service = openService();
    const facts = await service.chattySession();
    await service.append(facts, 10, LARGE);
    const sink = new HandSink();
    sink.holding = true;
    await service.stream(facts, { kind: 'start' }, sink);
    await service.pass(33_000);
    expect(sink.destroyed).toBe(true);
  });

  test('A27 a reader that takes a little every 20 s is slow, not gone', async () => {
    const { service, facts, sink } = await stuck();
    await service.append(facts, 2, LARGE);
    for (let step = 0; step < 10; step += 1) {
      await service.pass(20_000);
      sink.take(100);
    }
    expect(sink.over).toBe(false);
    await service.pass(33_000);
    expect(sink.destroyed).toBe(true);
  });

  test('A27 a reader for which nothing waits is never cut', async () => {
    const service = openService({ settings: { heartbeatMs: 10_000_000 } });
    const facts = await service.chattySession();
    const sink = await service.stream(facts);
    sink.holding = true;
    await service.pass(300_000);
    expect(sink.over).toBe(false);
  });

  test('A27 one slow reader does not hold up the others', async () => {
    const { service, facts, sink } = await stuck();
    const fast = await service.stream(facts);
    await service.append(facts, 20, LARGE);
    expect(fast.sequences).toEqual(range(6, 25));
    expect(sink.sequences).toEqual([]);
  });

  test('A27 a large snapshot is handed over in slices, and arrives whole', async () => {
    const service = openService();
    const facts = await service.chattySession();
    await service.append(facts, 1, 3 * MIB);
    const sink = new HandSink();
    sink.holding = true;
    await service.stream(facts, { kind: 'none' }, sink);
    expect(sink.backlog).toBeGreaterThan(0);
    expect(sink.backlog).toBeLessThan(MIB);
    while (sink.backlog > 0) {
      sink.take(200_000);
      await service.pass(0);
    }
    expect(sink.mostWaiting).toBeLessThan(MIB);
    expect(Math.max(...sink.chunks.map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
    const [snapshot] = sink.of('session.snapshot');
    expect(snapshot?.data.payload.objects[0].metadata.padding).toHaveLength(3 * MIB);
    await service.append(facts, 1);
    await service.pass(0);
    expect(sink.backlog).toBeGreaterThan(0);
    sink.release();
    expect(sink.sequences).toEqual([7]);
  });

  test('A27 a large frame goes on when the network drains, though nothing else happens', async () => {
    const { service, facts, sink } = await stuck();
    await service.append(facts, 1, 4 * LARGE);
    while (sink.backlog > 0) {
      sink.take();
      await service.pass(0);
    }
    expect(sink.sequences).toEqual([6]);
  });
});

describe('a frame that is half on its way', () => {
  test('A27 nothing is written into it: no passing frame, no heartbeat, no next event', async () => {
    const { service, facts, sink } = await stuck({ heartbeatMs: 2_000 });
    await service.append(facts, 1, 2 * MIB);
    service.gateway.streams.setServiceState('degraded');
    await service.pass(5_000);
    await service.append(facts, 1);
    sink.take(300_000);
    await service.pass(5_000);
    service.gateway.streams.setServiceState('ok');
    sink.release();
    await service.pass(0);
    expect(sink.sequences).toEqual([6, 7]);
    expect(sink.frames[2]?.data.payload.metadata.padding).toHaveLength(2 * MIB);
    expect(sink.of('service.updated')).toEqual([]);
  });
});

describe('many readers of one session', () => {
  test('A19 an event is serialised once: all readers are handed the same bytes', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sinks = await Promise.all(Array.from({ length: 5 }, () => service.stream(facts)));
    await service.append(facts, 2);
    const late = await service.stream(facts, { kind: 'start' });
    const [first] = sinks;
    for (const sink of [...sinks, late]) {
      const [before, last] = sink.chunks.slice(-2);
      const [expectedBefore, expectedLast] = first?.chunks.slice(-2) ?? [];
      // Views of one buffer where a frame is handed over in slices.
      expect(before?.buffer).toBe(expectedBefore?.buffer);
      expect(last?.buffer).toBe(expectedLast?.buffer);
    }
    expect(first?.sequences).toEqual([6, 7]);
  });

  test('A22 a passing frame is serialised once, too', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sinks = await Promise.all(Array.from({ length: 3 }, () => service.stream(facts)));
    service.gateway.streams.setServiceState('degraded');
    const buffers = sinks.map((sink) => sink.chunks.at(-1)?.buffer);
    expect(sinks[0]?.events.at(-1)).toBe('service.updated');
    expect(new Set(buffers).size).toBe(1);
  });

  test('A18 a session has one subscription here, and none without a reader', async () => {
    let open = 0;
    let made = 0;
    const service = openService({
      wrap: (engine) => ({
        ...engine,
        log: new Proxy(engine.log, {
          get: (target, name) => {
            const method = Reflect.get(target, name).bind(target);
            if (name !== 'subscribe') return method;
            return async (...args: unknown[]) => {
              const unsubscribe = await method(...args);
              open += 1;
              made += 1;
              return () => {
                open -= 1;
                unsubscribe();
              };
            };
          },
        }),
      }),
    });
    const facts = await service.chattySession();
    const sinks = await Promise.all(Array.from({ length: 4 }, () => service.stream(facts)));
    expect([made, open]).toEqual([1, 1]);
    for (const sink of sinks) sink.hangUp();
    await service.pass(0);
    expect(open).toBe(0);
    await service.stream(facts);
    expect([made, open]).toEqual([2, 1]);
  });
});
