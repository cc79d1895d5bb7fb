import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/ports/engine.ts';
import { openService } from './support/service.ts';

/** The engine; the names of the commands that are given to it are noted. */
function noting(engine: Engine, given: string[]): Engine {
  const noted = <Port extends object>(port: string, commands: Port): Port =>
    new Proxy(commands, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: readonly unknown[]) => {
          given.push(`${port}.${String(name)}`);
          return Reflect.apply(member, target, args);
        };
      },
    });
  const { sessions, queue, images } = engine;
  const durably: typeof sessions.durably = (run) =>
    sessions.durably((commands) => run(noted('sessions', commands)));
  return {
    ...engine,
    sessions: new Proxy(noted('sessions', sessions), {
      get: (target, name) => (name === 'durably' ? durably : Reflect.get(target, name)),
    }),
    queue: noted('queue', queue),
    images: noted('images', images),
  };
}

/** A gateway that has just answered a click, with what is known since then. */
async function busyService() {
  const given: string[] = [];
  const service = openService({
    settings: { maxWaitMs: 4_000, maxObjects: 100 },
    wrap: (engine) => noting(engine, given),
  });
  const { facts, image } = await service.readySession();
  await service.click(facts, image, 'first');
  await service.pass(service.server.segmentMs + 1);
  await service.click(facts, image, 'second');
  return { service, facts, image, given };
}

/** What happens by itself, whether anybody clicks or not. */
const CHORES = new Set(['queue.place', 'queue.load', 'sessions.dirty']);

describe('what a click costs the storage', () => {
  test('a click gives two commands, and its call four', async () => {
    const { service, facts, image, given } = await busyService();
    given.length = 0;
    await service.gateway.sessions.enter(facts.sessionId);
    await service.click(facts, image, 'third');
    expect(given).toEqual(['sessions.accept', 'queue.enqueue']);
    given.length = 0;
    await service.pass(2 * service.server.segmentMs + 1);
    expect(given.filter((name) => !CHORES.has(name))).toEqual([
      ...['sessions.complete', 'queue.release', 'queue.claim', 'sessions.begin'],
      ...['sessions.complete', 'queue.release', 'queue.claim'],
    ]);
  });

  test('A14 the pool is asked for its load when what is known of it is old', async () => {
    const { service, facts, image, given } = await busyService();
    await service.pass(1_000);
    given.length = 0;
    await service.click(facts, image, 'third');
    expect(given).toContain('queue.admit');
  });

  test('A14 the pool is asked for its load from a quarter of what is too much', async () => {
    const { service, facts, image, given } = await busyService();
    const asked: boolean[] = [];
    const clickUntilRefused = async () => {
      for (let n = 0; ; n += 1) {
        given.length = 0;
        await service.click(facts, image, `o${n}`);
        asked.push(given.includes('queue.admit'));
      }
    };
    await expect(clickUntilRefused()).rejects.toMatchObject({ code: 'overloaded' });
    // One is under way; each waits for half a second, and nobody should wait for more than four.
    expect(asked).toEqual([...Array(2).fill(false), ...Array(6).fill(true)]);
  });
});
