import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../src/ports/engine.ts';
import { HandSink } from '../support/hand-sink.ts';
import { losable } from '../support/losable-engine.ts';
import { openService } from '../support/service.ts';

describe('retry, and how streams end', () => {
  test('A25 retry is sent first on every connection, random in 1000 to 3000 ms', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const retries: number[] = [];
    for (let reader = 0; reader < 200; reader += 1) {
      const sink = await service.stream(facts);
      expect(new TextDecoder().decode(sink.chunks[0])).toMatch(
        /^retry: \d+\nevent: stream\.opened/,
      );
      expect(sink.retries).toHaveLength(1);
      retries.push(...sink.retries);
    }
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...retries)).toBeLessThanOrEqual(3_000);
    // Spread over the whole span, not bunched: readers cut at once must not return at once.
    expect(Math.min(...retries)).toBeLessThan(1_200);
    expect(Math.max(...retries)).toBeGreaterThan(2_800);
    expect(new Set(retries).size).toBeGreaterThan(150);
  });

  test('A25 a gateway that drains tells every open stream when to return, and ends it', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sinks = [await service.stream(facts), await service.stream(facts)];
    await service.gateway.drain();
    const waits = sinks.map((sink) => {
      expect(sink.events.at(-1)).toBe('stream.draining');
      expect(sink.ended).toBe(true);
      const reconnectInMs: number = sink.frames.at(-1)?.data.payload.reconnectInMs;
      expect(sink.retries.at(-1)).toBe(reconnectInMs);
      return reconnectInMs;
    });
    expect(waits[0]).not.toBe(waits[1]);
  });

  test('A25 a stream that is opened while the gateway drains is answered and sent away', async () => {
    const service = openService();
    const facts = await service.chattySession();
    await service.gateway.drain();
    const sink = await service.stream(facts);
    expect(sink.events).toEqual(['stream.draining']);
    expect(sink.retries).toEqual([sink.frames[0]?.data.payload.reconnectInMs]);
    expect(sink.ended).toBe(true);
  });

  test('A25 a stream that is still being opened when the gateway drains is not forgotten', async () => {
    const wrap = (engine: Engine): Engine => ({
      ...engine,
      log: new Proxy(engine.log, {
        get: (target, name) => {
          const method = Reflect.get(target, name).bind(target);
          if (name !== 'subscribe') return method;
          return async (...args: unknown[]) => {
            await service.clock.sleep(50);
            return await method(...args);
          };
        },
      }),
    });
    const service = openService({ wrap });
    const facts = await service.chattySession();
    const sink = new HandSink();
    const opening = service.gateway.streams.open(facts, { kind: 'none' }, sink);
    await service.gateway.drain();
    await service.pass(100);
    await opening;
    expect(sink.events).toEqual(['stream.draining']);
    expect(sink.ended).toBe(true);
    expect(service.gateway.streams.sessions).toEqual([]);
  });

  test('A25 a stream that is opened while the storage is away is told to return, and ends', async () => {
    const loss = { now: false, refused: 0 };
    const service = openService({ wrap: losable(loss) });
    const facts = await service.chattySession();
    loss.now = true;
    const sink = await service.stream(facts);
    expect(sink.events).toEqual(['stream.draining']);
    expect(sink.retries.at(-1)).toBe(sink.frames.at(-1)?.data.payload.reconnectInMs);
    expect(sink.ended).toBe(true);
    expect(service.gateway.streams.sessions).toEqual([]);
    loss.now = false;
    expect((await service.stream(facts)).events).toEqual(['stream.opened', 'session.snapshot']);
  });

  test('A8 session.closed is the last event of a session, and ends its streams', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sinks = [await service.stream(facts), await service.stream(facts, { kind: 'start' })];
    await service.gateway.sessions.remove(facts.sessionId);
    for (const sink of sinks) {
      expect(sink.frames.at(-1)?.data).toMatchObject({
        type: 'session.closed',
        payload: { reason: 'deleted' },
      });
      expect(sink.ended).toBe(true);
    }
    expect(service.gateway.streams.sessions).toEqual([]);
  });

  test('A8 a reader that was behind when its session ended is ended too', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sink = await service.stream(facts);
    sink.holding = true;
    await service.append(facts, 2, 300_000);
    await service.gateway.sessions.remove(facts.sessionId);
    sink.release();
    await service.pass(0);
    expect(sink.ended).toBe(true);
  });

  test('A8 a stream on a session that is gone ends without a frame that would be a lie', async () => {
    const service = openService();
    const facts = await service.session();
    await service.gateway.sessions.remove(facts.sessionId);
    const sink = await service.stream(facts);
    expect(sink.events).toEqual([]);
    expect(sink.ended).toBe(true);
  });

  test.each(['before anybody listened', 'later'])(
    'A27 a peer that went away %s leaves nothing behind',
    async (when) => {
      const service = openService();
      const facts = await service.chattySession();
      const sink = new HandSink();
      if (when === 'later') {
        await service.stream(facts, { kind: 'none' }, sink);
        expect(service.gateway.streams.sessions).toEqual([facts.sessionId]);
        sink.hangUp();
      } else {
        sink.hangUp();
        await service.stream(facts, { kind: 'none' }, sink);
      }
      expect(service.gateway.streams.sessions).toEqual([]);
      const written = sink.chunks.length;
      await service.append(facts, 1);
      await service.pass(60_000);
      expect(sink.chunks).toHaveLength(written);
    },
  );
});
