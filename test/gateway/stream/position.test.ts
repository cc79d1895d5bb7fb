import { describe, expect, test } from 'vitest';
import { formatCursor } from '../../../src/core/cursor.ts';
import type { Engine } from '../../../src/ports/engine.ts';
import type { LogListener } from '../../../src/ports/event-log.ts';
import type { SessionFacts } from '../../../src/ports/session-store.ts';
import { meddle } from '../support/faulty-engine.ts';
import type { Service } from '../support/service.ts';
import { openService } from '../support/service.ts';

/** Cursor of an entry of the session's log. */
async function cursorAt(service: Service, { sessionId }: SessionFacts, sequence: number) {
  const extent = await service.bare.log.extent(sessionId);
  return formatCursor({ epoch: extent?.epoch ?? 0, sequence });
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('the position that a stream is read from', () => {
  test('A23 without one: stream.opened, the snapshot, then live', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sink = await service.stream(facts);
    expect(sink.events).toEqual(['stream.opened', 'session.snapshot']);
    await service.append(facts, 2);
    expect(sink.events.slice(2)).toEqual(['object.updated', 'object.updated']);
    expect(sink.sequences).toEqual([6, 7]);
  });

  test('A7 the snapshot carries the position that it stands for, and the state at it', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const [, snapshot] = (await service.stream(facts)).frames;
    expect(snapshot?.id).toBe(await cursorAt(service, facts, 5));
    expect(snapshot?.data.payload).toMatchObject({
      sessionId: facts.sessionId,
      cursor: snapshot?.id,
      images: [{ status: 'ready' }],
      objects: [{ objectId: 'padding', revision: 1, status: 'ready' }],
      service: { state: 'ok' },
      limits: { maxImages: 10, maxObjects: 10 },
    });
  });

  test('A23 `start` gives every event from the first on, and no snapshot', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sink = await service.stream(facts, { kind: 'start' });
    expect(sink.events).toEqual([
      'stream.opened',
      'session.opened',
      'image.added',
      'image.ready',
      'click.accepted',
      'segment.completed',
    ]);
    expect(sink.sequences).toEqual(range(1, 5));
  });

  test('A23 a cursor gives exactly the events after it, more than a page of them, then live', async () => {
    const service = openService();
    const facts = await service.chattySession();
    await service.append(facts, 200);
    const sink = await service.stream(facts, await cursorAt(service, facts, 3));
    expect(sink.sequences).toEqual(range(4, 205));
    await service.append(facts, 2);
    expect(sink.sequences).toEqual(range(4, 207));
    expect(sink.of('session.snapshot')).toEqual([]);
  });

  test('A23 a cursor at the head gives nothing but what comes', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sink = await service.stream(facts, await cursorAt(service, facts, 5));
    expect(sink.events).toEqual(['stream.opened']);
    await service.append(facts, 1);
    expect(sink.sequences).toEqual([6]);
  });

  test('A23 a cursor just before the oldest kept event has missed nothing', async () => {
    const service = openService({ settings: { historyEvents: 4 } });
    const facts = await service.chattySession();
    await service.append(facts, 5);
    const sink = await service.stream(facts, await cursorAt(service, facts, 6));
    expect(sink.events).not.toContain('stream.reset');
    expect(sink.sequences).toEqual(range(7, 10));
  });

  test('A22 stream.opened is first, says where the log ends and whether older events follow', async () => {
    const service = openService({ settings: { heartbeatMs: 7_000 } });
    const facts = await service.chattySession();
    const head = await cursorAt(service, facts, 5);
    const starts = [{ kind: 'none' } as const, head, await cursorAt(service, facts, 4)];
    const opened: unknown[] = [];
    for (const start of starts) {
      const [first] = (await service.stream(facts, start)).frames;
      expect(first?.event).toBe('stream.opened');
      expect(first?.id).toBeUndefined();
      opened.push(first?.data.payload);
    }
    const said = (replaying: boolean) => ({
      cursor: head,
      replaying,
      service: { state: 'ok' },
      heartbeatMs: 7_000,
    });
    expect(opened).toEqual([said(false), said(false), said(true)]);
  });

  test('A19 an envelope names its cursor twice, its channel, its type and its time', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const frame = (await service.stream(facts, { kind: 'start' })).of('image.added')[0];
    expect(frame?.data).toEqual({
      eventId: frame?.id,
      sequence: 2,
      schemaVersion: 1,
      channel: `session:${facts.sessionId}`,
      type: 'image.added',
      timestamp: '2026-01-01T00:00:00.000Z',
      payload: expect.objectContaining({ status: 'preparing' }),
    });
  });
});

test('A23 a reader that returns costs one look at the log', async () => {
  const looks: string[] = [];
  const wrap = (engine: Engine) =>
    meddle(engine, 'log', ['extent', 'read'], (call, name) => {
      looks.push(name);
      return call();
    });
  const service = openService({ wrap });
  const facts = await service.chattySession();
  const cursor = await cursorAt(service, facts, 2);
  looks.length = 0;
  const sink = await service.stream(facts, cursor);
  expect(sink.sequences).toEqual([3, 4, 5]);
  expect(looks).toEqual(['read']);
  await service.append(facts, 1);
  expect(sink.sequences).toEqual([3, 4, 5, 6]);
});

describe('joining while the session is busy', () => {
  /** Runs `between` after each step of opening a stream that asks the engine. */
  function meddling(between: (step: 'subscribe' | 'read') => Promise<void>) {
    return (engine: Engine): Engine => ({
      ...engine,
      log: {
        subscribe: async (session, listener) => {
          const result = await engine.log.subscribe(session, listener);
          await between('subscribe');
          return result;
        },
        extent: (session) => engine.log.extent(session),
        read: async (session, after, limit) => {
          const result = await engine.log.read(session, after, limit);
          await between('read');
          return result;
        },
        pass: (session, frame) => engine.log.pass(session, frame),
      },
    });
  }

  test.each(['subscribe', 'read'] as const)(
    'L12 what is appended between %s and the next step comes exactly once, in order',
    async (where) => {
      let left = 3;
      const context: { append?: () => Promise<void> } = {};
      const wrap = meddling(async (step) => {
        if (step !== where || left === 0 || context.append === undefined) return;
        left -= 1;
        await context.append();
      });
      const service = openService({ wrap });
      const facts = await service.chattySession();
      context.append = () => service.append(facts, 2);
      const sink = await service.stream(facts, { kind: 'start' });
      await service.append(facts, 1);
      const { last } = (await service.bare.log.extent(facts.sessionId)) ?? { last: 0 };
      expect(left).toBeLessThan(3);
      expect(sink.sequences).toEqual(range(1, last));
    },
  );

  test('L11 an event that the snapshot contains is not told again', async () => {
    const context: { append?: () => Promise<void> } = {};
    const wrap = (engine: Engine): Engine => ({
      ...engine,
      sessions: new Proxy(engine.sessions, {
        get: (target, name) => {
          const method = Reflect.get(target, name).bind(target);
          if (name !== 'snapshot') return method;
          return async (...args: unknown[]) => {
            // One that the snapshot contains and one that it does not, both announced meanwhile.
            await context.append?.();
            const cut = await method(...args);
            await context.append?.();
            return cut;
          };
        },
      }),
    });
    const service = openService({ wrap });
    const facts = await service.chattySession();
    context.append = () => service.append(facts, 1);
    const sink = await service.stream(facts);
    const snapshot = sink.of('session.snapshot')[0];
    expect(snapshot?.id).toBe(await cursorAt(service, facts, 6));
    expect(sink.sequences).toEqual([7]);
  });

  test('L12 a lost doorbell is repaired by the check of the position', async () => {
    const lost = { now: false };
    const wrap = (engine: Engine): Engine => ({
      ...engine,
      log: {
        extent: (session) => engine.log.extent(session),
        read: (session, after, limit) => engine.log.read(session, after, limit),
        pass: (session, frame) => engine.log.pass(session, frame),
        subscribe: (session, listener) => engine.log.subscribe(session, deaf(listener, lost)),
      },
    });
    const service = openService({ wrap });
    const facts = await service.chattySession();
    const sink = await service.stream(facts);
    lost.now = true;
    await service.append(facts, 3);
    expect(sink.sequences).toEqual([]);
    await service.pass(10_001);
    expect(sink.sequences).toEqual([6, 7, 8]);
  });

  test('L12 a doorbell after a lost one shows the hole, which is read from the log at once', async () => {
    const lost = { now: false };
    const wrap = (engine: Engine): Engine => ({
      ...engine,
      log: {
        extent: (session) => engine.log.extent(session),
        read: (session, after, limit) => engine.log.read(session, after, limit),
        pass: (session, frame) => engine.log.pass(session, frame),
        subscribe: (session, listener) => engine.log.subscribe(session, deaf(listener, lost)),
      },
    });
    const service = openService({ wrap });
    const facts = await service.chattySession();
    const sink = await service.stream(facts);
    lost.now = true;
    await service.append(facts, 2);
    lost.now = false;
    await service.append(facts, 1);
    await service.pass(0);
    expect(sink.sequences).toEqual([6, 7, 8]);
  });

  function deaf(listener: LogListener, lost: { now: boolean }): LogListener {
    return {
      appended: (events) => lost.now || listener.appended(events),
      passing: (frame) => lost.now || listener.passing(frame),
    };
  }
});
