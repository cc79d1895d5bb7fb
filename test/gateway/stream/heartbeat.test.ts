import { describe, expect, test } from 'vitest';
import { formatCursor } from '../../../src/core/cursor.ts';
import type { Engine } from '../../../src/ports/engine.ts';
import { HandSink } from '../support/hand-sink.ts';
import { openService } from '../support/service.ts';

const HEARTBEAT_MS = 5_000;
const settings = { heartbeatMs: HEARTBEAT_MS };

/** An engine whose snapshots wait until they are let go. */
function holdingSnapshots(gate: { promise: Promise<void> | undefined }) {
  return (engine: Engine): Engine => ({
    ...engine,
    sessions: new Proxy(engine.sessions, {
      get: (target, name) => {
        const method = Reflect.get(target, name).bind(target);
        if (name !== 'snapshot') return method;
        return async (...args: unknown[]) => {
          await gate.promise;
          return await method(...args);
        };
      },
    }),
  });
}

describe('heartbeats', () => {
  test('A22 they come every span, with the cursor of the last frame of this connection', async () => {
    const service = openService({ settings });
    const facts = await service.chattySession();
    const sink = await service.stream(facts);
    await service.pass(HEARTBEAT_MS + 1_000);
    const first = sink.of('heartbeat');
    expect(first).toHaveLength(1);
    expect(first[0]?.id).toBe(sink.of('session.snapshot')[0]?.id);
    expect(first[0]?.data.payload).toEqual({ cursor: first[0]?.id });
    await service.append(facts, 2);
    await service.pass(4 * HEARTBEAT_MS);
    const later = sink.of('heartbeat').slice(1);
    expect(later.length).toBeGreaterThanOrEqual(3);
    expect(later.length).toBeLessThanOrEqual(4);
    const { epoch, last } = (await service.bare.log.extent(facts.sessionId)) ?? {};
    const head = formatCursor({ epoch: epoch ?? 0, sequence: last ?? 0 });
    expect(new Set(later.map(({ id }) => id))).toEqual(new Set([head]));
    expect(sink.sequences.at(-1)).toBe(last);
  });

  test('A22 the first comes after a random part of the span, so that they do not come at once', async () => {
    const service = openService({ settings });
    const facts = await service.chattySession();
    const sinks = await Promise.all(Array.from({ length: 40 }, () => service.stream(facts)));
    const seconds: number[] = [];
    for (let second = 1; second <= 6; second += 1) {
      const before = sinks.filter((sink) => sink.of('heartbeat').length > 0).length;
      await service.pass(1_000);
      const after = sinks.filter((sink) => sink.of('heartbeat').length > 0).length;
      seconds.push(after - before);
    }
    expect(seconds.reduce((sum, count) => sum + count)).toBe(40);
    // A fifth of the readers in each second, more or less; never nearly all of them in one.
    expect(Math.max(...seconds)).toBeLessThan(25);
    expect(seconds.filter((count) => count > 0).length).toBeGreaterThanOrEqual(4);
  });

  test('A19 a heartbeat changes no sequence: it is not logged', async () => {
    const service = openService({ settings });
    const facts = await service.chattySession();
    const before = (await service.log(facts.sessionId)).length;
    const sink = await service.stream(facts);
    await service.pass(10 * HEARTBEAT_MS);
    expect(sink.of('heartbeat').length).toBeGreaterThan(8);
    expect(await service.log(facts.sessionId)).toHaveLength(before);
  });

  test('L13 none while the socket is backed up, and the cursor of one never passes what was taken', async () => {
    const service = openService({ settings: { ...settings, stallMs: 60_000 } });
    const facts = await service.chattySession();
    const sink = await service.stream(facts);
    sink.holding = true;
    await service.append(facts, 1);
    await service.pass(6 * HEARTBEAT_MS);
    sink.release();
    expect(sink.of('heartbeat')).toEqual([]);
    expect(sink.sequences).toEqual([6]);
    await service.pass(2 * HEARTBEAT_MS);
    expect(sink.of('heartbeat').length).toBeGreaterThan(0);
    expect(sink.of('heartbeat')[0]?.id).toBe(sink.frames.findLast((f) => f.data.sequence)?.id);
  });

  test.each(['none', 'reset'] as const)(
    'L13 none before there is a cursor (start: %s), also when the snapshot takes long',
    async (kind) => {
      const held = Promise.withResolvers<void>();
      const gate: { promise: Promise<void> | undefined } = { promise: undefined };
      const service = openService({ settings, wrap: holdingSnapshots(gate) });
      const facts = await service.chattySession();
      gate.promise = held.promise;
      const sink = new HandSink();
      const opened = service.stream(facts, kind === 'none' ? { kind } : '1-1', sink);
      await service.pass(4 * HEARTBEAT_MS);
      const opening = kind === 'none' ? ['stream.opened'] : ['stream.opened', 'stream.reset'];
      expect(sink.events).toEqual(opening);
      expect(sink.frames.every(({ id }) => id === undefined)).toBe(true);
      held.resolve();
      await opened;
      await service.pass(HEARTBEAT_MS + 1_000);
      expect(sink.events.slice(opening.length, opening.length + 2)).toEqual([
        'session.snapshot',
        'heartbeat',
      ]);
    },
  );

  test('A22 they end with the stream', async () => {
    const service = openService({ settings });
    const facts = await service.chattySession();
    const sink = await service.stream(facts, { kind: 'none' }, new HandSink());
    sink.hangUp();
    const { length } = sink.chunks;
    await service.pass(3 * HEARTBEAT_MS);
    expect(sink.chunks).toHaveLength(length);
  });
});
