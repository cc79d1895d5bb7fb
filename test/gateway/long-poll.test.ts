import { describe, expect, test } from 'vitest';
import { formatCursor } from '../../src/core/cursor.ts';
import type { PageOptions } from '../../src/gateway/stream/event-pages.ts';
import type { StreamStart } from '../../src/gateway/stream/stream-start.ts';
import type { SessionFacts } from '../../src/ports/session-store.ts';
import type { EventPage } from '../../src/protocol/bodies.ts';
import { meddle } from './support/faulty-engine.ts';
import type { Service } from './support/service.ts';
import { openService } from './support/service.ts';

async function chatty(settings = {}) {
  const service = openService({ settings });
  const facts = await service.chattySession();
  const { epoch } = (await service.bare.log.extent(facts.sessionId)) ?? { epoch: 0 };
  return { service, facts, at: (sequence: number) => formatCursor({ epoch, sequence }) };
}

function poll(
  service: Service,
  facts: SessionFacts,
  after: string | StreamStart,
  options: Partial<PageOptions> = {},
): Promise<EventPage> {
  const start = typeof after === 'string' ? ({ kind: 'cursor', text: after } as const) : after;
  const signal = new AbortController().signal;
  return service.gateway.pages.page(facts, start, { waitMs: 0, limit: 100, signal, ...options });
}

/** Whether a promise has settled by now, and with what. */
function watched<Value>(promise: Promise<Value>) {
  const state: { value?: Value; error?: unknown; settled: boolean } = { settled: false };
  promise.then(
    (value) => Object.assign(state, { value, settled: true }),
    (error) => Object.assign(state, { error, settled: true }),
  );
  return state;
}

const sequences = (page: EventPage | undefined) => page?.events.map(({ sequence }) => sequence);

describe('the log as JSON pages', () => {
  test('A26 no position: the snapshot at once, though there is time to wait', async () => {
    const { service, facts, at } = await chatty();
    const page = await poll(service, facts, { kind: 'none' }, { waitMs: 30_000 });
    expect(page).toMatchObject({ events: [], cursor: at(5), snapshot: { cursor: at(5) } });
    expect(page.reset).toBeUndefined();
  });

  test('A26 a position: exactly the events after it, and the cursor to go on from', async () => {
    const { service, facts, at } = await chatty();
    const page = await poll(service, facts, at(3));
    expect(sequences(page)).toEqual([4, 5]);
    expect(page.cursor).toBe(at(5));
    expect(page.snapshot).toBeUndefined();
    expect(page.reset).toBeUndefined();
  });

  test('A26 the envelopes are those of the stream', async () => {
    const { service, facts } = await chatty();
    const sink = await service.stream(facts, { kind: 'start' });
    const page = await poll(service, facts, { kind: 'start' });
    expect(page.events).toHaveLength(5);
    expect(JSON.parse(JSON.stringify(page.events))).toEqual(
      sink.frames.slice(1).map((frame) => frame.data),
    );
  });

  test('A26 pages of `limit` events, joined by their cursors, are the log', async () => {
    const { service, facts, at } = await chatty();
    await service.append(facts, 18);
    const seen: number[] = [];
    let cursor: string | StreamStart = { kind: 'start' };
    for (;;) {
      const page: EventPage = await poll(service, facts, cursor, { limit: 5 });
      expect(page.events.length).toBeLessThanOrEqual(5);
      if (page.events.length === 0) break;
      seen.push(...(sequences(page) ?? []));
      cursor = page.cursor;
    }
    expect(seen).toEqual(Array.from({ length: 23 }, (_, index) => index + 1));
    expect(cursor).toBe(at(23));
  });

  test.each([
    ['history_trimmed', () => ({ kind: 'start' }) as const],
    ['epoch_changed', () => '1-3'],
    ['cursor_ahead', (at: (sequence: number) => string) => at(99)],
    ['cursor_invalid', () => 'x'],
  ])('A26 a lost position (%s): reset and snapshot at once', async (reason, start) => {
    const { service, facts, at } = await chatty({ historyEvents: 3 });
    const page = await poll(service, facts, start(at), { waitMs: 30_000 });
    expect(page.reset).toEqual({ reason, lastCursor: at(5), oldestCursor: at(3) });
    expect(page.snapshot?.cursor).toBe(at(5));
    expect(page.cursor).toBe(at(5));
    expect(page.events).toEqual([]);
  });

  test('A26 nothing there: no wait asked, no wait made', async () => {
    const { service, facts, at } = await chatty();
    expect(await poll(service, facts, at(5))).toEqual({ events: [], cursor: at(5) });
  });

  test('A26 nothing there: held until an event comes', async () => {
    const { service, facts, at } = await chatty();
    const held = watched(poll(service, facts, at(5), { waitMs: 20_000 }));
    await service.pass(19_000);
    expect(held.settled).toBe(false);
    await service.append(facts, 1);
    await service.pass(0);
    expect(sequences(held.value)).toEqual([6]);
    expect(held.value?.cursor).toBe(at(6));
  });

  test('A26 nothing comes: an empty page when the time is over', async () => {
    const { service, facts, at } = await chatty();
    const held = watched(poll(service, facts, at(5), { waitMs: 20_000 }));
    await service.pass(19_999);
    expect(held.settled).toBe(false);
    await service.pass(1);
    expect(held.value).toEqual({ events: [], cursor: at(5) });
  });

  test('A26 a passing frame is no event and wakes nobody', async () => {
    const { service, facts, at } = await chatty();
    const held = watched(poll(service, facts, at(5), { waitMs: 20_000 }));
    service.gateway.streams.setServiceState('degraded');
    await service.pass(10_000);
    expect(held.settled).toBe(false);
  });

  test.each([
    ['an event', 1, { events: [expect.objectContaining({ sequence: 6 })] }],
    ['more than is kept', 9, { events: [], reset: { reason: 'history_trimmed' } }],
  ])(
    'A26 %s that comes between the look and the wait is not waited for',
    async (_, count, page) => {
      const context: { append?: (() => Promise<void>) | undefined } = {};
      const service = openService({
        settings: { historyEvents: 5 },
        wrap: (engine) => ({
          ...engine,
          log: new Proxy(engine.log, {
            get: (target, name) => {
              const method = Reflect.get(target, name).bind(target);
              if (name !== 'subscribe') return method;
              return async (...args: unknown[]) => {
                await context.append?.();
                return await method(...args);
              };
            },
          }),
        }),
      });
      const facts = await service.chattySession();
      const { epoch } = (await service.bare.log.extent(facts.sessionId)) ?? { epoch: 0 };
      context.append = () => service.append(facts, count);
      const held = watched(poll(service, facts, `${epoch}-5`, { waitMs: 20_000 }));
      await service.pass(0);
      expect(held.value).toMatchObject(page);
    },
  );

  test('A26 an event that comes while the log is looked at again is not waited for', async () => {
    const hook: { run?: (() => Promise<void>) | undefined } = {};
    let subscribed = false;
    const service = openService({
      wrap: (engine) =>
        meddle(engine, 'log', ['subscribe', 'extent'], async (call, name) => {
          const result = await call();
          const run = subscribed && name === 'extent' ? hook.run : undefined;
          if (name === 'subscribe') subscribed = hook.run !== undefined;
          if (run !== undefined) hook.run = undefined;
          await run?.();
          return result;
        }),
    });
    const facts = await service.chattySession();
    const { epoch } = (await service.bare.log.extent(facts.sessionId)) ?? { epoch: 0 };
    hook.run = () => service.append(facts, 1);
    const held = watched(poll(service, facts, `${epoch}-5`, { waitMs: 20_000 }));
    await service.pass(0);
    expect(hook.run).toBeUndefined();
    expect(sequences(held.value)).toEqual([6]);
  });

  test.each(['the time', 'an event', 'the caller'])(
    'A26 a wait that %s ends leaves no subscription behind',
    async (end) => {
      const open = { count: 0, made: 0 };
      const service = openService({
        wrap: (engine) =>
          meddle(engine, 'log', ['subscribe'], async (call) => {
            const unsubscribe = (await call()) as () => void;
            open.count += 1;
            open.made += 1;
            return () => {
              open.count -= 1;
              unsubscribe();
            };
          }),
      });
      const facts = await service.chattySession();
      const { epoch } = (await service.bare.log.extent(facts.sessionId)) ?? { epoch: 0 };
      const abort = new AbortController();
      const options = { waitMs: 5_000, signal: abort.signal };
      const held = watched(poll(service, facts, `${epoch}-5`, options));
      await service.pass(1_000);
      expect(open).toEqual({ count: 1, made: 1 });
      if (end === 'an event') await service.append(facts, 1);
      if (end === 'the caller') abort.abort();
      await service.pass(end === 'the time' ? 5_000 : 0);
      expect(held.settled).toBe(true);
      expect(open).toEqual({ count: 0, made: 1 });
    },
  );

  test('A26 a session that is removed while it waits: 404 at once', async () => {
    const { service, facts, at } = await chatty();
    const held = watched(poll(service, facts, at(5), { waitMs: 20_000 }));
    await service.pass(1_000);
    await service.gateway.sessions.remove(facts.sessionId);
    await service.pass(0);
    expect(held.error).toMatchObject({ code: 'session_not_found' });
  });

  test('A26 a caller that goes away ends the wait', async () => {
    const { service, facts, at } = await chatty();
    const abort = new AbortController();
    const options = { waitMs: 20_000, signal: abort.signal };
    const held = watched(poll(service, facts, at(5), options));
    await service.pass(1_000);
    expect(held.settled).toBe(false);
    abort.abort();
    await service.pass(0);
    expect(held.settled).toBe(true);
  });
});
