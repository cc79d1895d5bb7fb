import { describe, expect, test } from 'vitest';
import type { Position } from '../../../src/core/cursor.ts';
import { formatCursor } from '../../../src/core/cursor.ts';
import type { Engine } from '../../../src/ports/engine.ts';
import { HandSink } from '../support/hand-sink.ts';
import { openService } from '../support/service.ts';

/** A session of ten entries of which the last six are kept, and its epoch. */
async function trimmed() {
  const service = openService({ settings: { historyEvents: 6 } });
  const facts = await service.chattySession();
  await service.append(facts, 5);
  const { epoch } = (await service.bare.log.extent(facts.sessionId)) ?? { epoch: 0 };
  return { service, facts, epoch, at: (sequence: number) => formatCursor({ epoch, sequence }) };
}

describe('a position that cannot be continued', () => {
  test.each([
    ['history_trimmed', 'just before what is kept', (epoch: number) => `${epoch}-3`],
    ['history_trimmed', 'the first entry of all', (epoch: number) => `${epoch}-1`],
    ['epoch_changed', 'of an earlier log', (epoch: number) => `${epoch - 1}-9`],
    ['epoch_changed', 'of a later log', (epoch: number) => `${epoch + 1}-9`],
    ['cursor_ahead', 'after the last entry', (epoch: number) => `${epoch}-11`],
    ['cursor_invalid', 'that is no cursor', () => 'yesterday'],
    ['cursor_invalid', 'with a number too large', (epoch: number) => `${epoch}-9007199254740993`],
    ['cursor_invalid', 'with text around it', (epoch: number) => ` ${epoch}-9`],
  ])('A24 %s: a position %s', async (reason, _, cursor) => {
    const { service, facts, epoch, at } = await trimmed();
    const sink = await service.stream(facts, cursor(epoch));
    expect(sink.events).toEqual(['stream.opened', 'stream.reset', 'session.snapshot']);
    const [opened, reset, snapshot] = sink.frames;
    expect(opened?.data.payload).toMatchObject({ cursor: at(10), replaying: false });
    expect(reset?.data.payload).toEqual({ reason, lastCursor: at(10), oldestCursor: at(5) });
    expect(reset?.id).toBeUndefined();
    expect(snapshot?.id).toBe(at(10));
    await service.append(facts, 2);
    expect(sink.sequences).toEqual([11, 12]);
  });

  test('A24 `start` is a position like another: lost when the first event is not kept', async () => {
    const { service, facts } = await trimmed();
    const sink = await service.stream(facts, { kind: 'start' });
    expect(sink.of('stream.reset')[0]?.data.payload.reason).toBe('history_trimmed');
  });

  test('A24 a reader that falls so far behind that its place is trimmed is reset, never skipped', async () => {
    const { service, facts, at } = await trimmed();
    const sink = new HandSink();
    await service.stream(facts, at(8), sink);
    sink.holding = true;
    await service.append(facts, 3, 200_000);
    await service.append(facts, 20);
    sink.release();
    await service.pass(0);
    const resetAt = sink.events.indexOf('stream.reset');
    expect(sink.events.slice(resetAt)).toEqual(['stream.reset', 'session.snapshot']);
    const before = sink.sequences;
    expect(before).toEqual([9, 10, 11, 12, 13].slice(0, before.length));
    expect(sink.of('stream.reset')[0]?.data.payload).toEqual({
      reason: 'history_trimmed',
      lastCursor: at(33),
      oldestCursor: at(28),
    });
    await service.append(facts, 1);
    expect(sink.frames.at(-1)?.id).toBe(at(34));
  });

  test('L12 trimming that overtakes a page is seen as a hole and told', async () => {
    const context: { hole?: boolean } = {};
    const wrap = (engine: Engine): Engine => ({
      ...engine,
      log: {
        extent: (session) => engine.log.extent(session),
        subscribe: (session, listener) => engine.log.subscribe(session, listener),
        pass: (session, frame) => engine.log.pass(session, frame),
        // The extent is read, then the oldest entries go, then the entries are read.
        read: async (session, after, limit) => {
          const page = await engine.log.read(session, after, limit);
          if (page === undefined || context.hole !== true) return page;
          return { ...page, events: page.events.slice(2) };
        },
      },
    });
    const service = openService({ wrap });
    const facts = await service.chattySession();
    context.hole = true;
    const sink = await service.stream(facts, { kind: 'start' });
    expect(sink.events.slice(0, 3)).toEqual(['stream.opened', 'stream.reset', 'session.snapshot']);
    expect(sink.of('stream.reset')[0]?.data.payload.reason).toBe('history_trimmed');
    expect(sink.sequences).toEqual([]);
  });

  test('L9 a log that was made anew under an open stream resets it', async () => {
    const moved = { by: 0 };
    const shift = (position: Position): Position => {
      return { ...position, epoch: position.epoch + moved.by };
    };
    const wrap = (engine: Engine): Engine => ({
      ...engine,
      sessions: new Proxy(engine.sessions, {
        get: (target, name) => {
          const method = Reflect.get(target, name).bind(target);
          if (name !== 'snapshot') return method;
          return async (...args: unknown[]) => {
            const cut = await method(...args);
            return { ...cut, position: shift(cut.position) };
          };
        },
      }),
      log: {
        pass: (session, frame) => engine.log.pass(session, frame),
        extent: async (session) => {
          const extent = await engine.log.extent(session);
          return extent && { ...extent, epoch: extent.epoch + moved.by };
        },
        read: async (session, after, limit) => {
          const page = await engine.log.read(session, after, limit);
          if (page === undefined) return undefined;
          const { epoch } = page.extent;
          const events = page.events.map((event) => ({
            ...event,
            position: shift(event.position),
          }));
          return { extent: { ...page.extent, epoch: epoch + moved.by }, events };
        },
        subscribe: (session, listener) =>
          engine.log.subscribe(session, {
            passing: (frame) => listener.passing(frame),
            appended: (events) => {
              const moves = events.map((event) => ({ ...event, position: shift(event.position) }));
              listener.appended(moves);
            },
          }),
      },
    });
    const service = openService({ wrap });
    const facts = await service.chattySession();
    const sink = await service.stream(facts);
    moved.by = 1_000;
    await service.append(facts, 1);
    await service.pass(0);
    const told = sink.events.slice(2);
    expect(told).toEqual(['stream.reset', 'session.snapshot']);
    expect(sink.of('stream.reset')[0]?.data.payload.reason).toBe('epoch_changed');
    await service.append(facts, 1);
    expect(sink.sequences).toEqual([7]);
  });
});
