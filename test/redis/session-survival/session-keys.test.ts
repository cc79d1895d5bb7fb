/** The keys of a session: how long they live, and when they are all gone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectId } from '../../../src/core/ids.ts';
import { NOW, point, refused, Scene } from '../../contract/support.ts';
import { RedisServer } from '../redis-server.ts';
import type { SessionEngine } from '../session-engine.ts';
import { openSessionEngine } from '../session-engine.ts';

const A = objectId('a');

describe('sessions in redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('keep nothing without an end, and give all keys the same one', async () => {
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    await scene.click('a', point(1), { idempotency: { key: 'k', fingerprint: 'f' } });
    await scene.segment('a', 'm');
    await scene.undo(await scene.click('a', point(2)));
    await scene.remove('a');
    const ends = async () => {
      const keys = await keysOf(engine, scene);
      const { commands } = engine.connections;
      return await Promise.all(
        keys.map((key) => commands.use((client) => client.pexpiretime(key))),
      );
    };
    const before = await ends();
    expect(before).toHaveLength(7);
    expect(new Set(before).size).toBe(1);
    expect(before[0]).toBeGreaterThan(NOW);
    await engine.sessions.touch(scene.session, NOW + 10 * 3_600_000);
    const after = await ends();
    expect(new Set(after).size).toBe(1);
    expect(after[0]).toBeGreaterThan(before[0] ?? 0);
  });

  it('leave nothing but a short tombstone when they are closed', async () => {
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    await scene.click('a');
    await engine.sessions.close(scene.session, 'deleted', NOW);
    expect(await keysOf(engine, scene)).toEqual([]);
    for (const tombstone of await keysOf(engine, scene, 'reply:*')) {
      const left = await engine.connections.commands.use((client) => client.pttl(tombstone));
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(60_000);
    }
  });

  it('can be read and emptied, but not filled, when the server is full', async () => {
    await using full = await RedisServer.start(['--maxmemory-policy', 'noeviction']);
    await using engine = await openSessionEngine(full);
    const scene = await Scene.open(engine);
    await scene.click('a', point(1));
    await engine.connections.commands.use((client) => client.config('SET', 'maxmemory', '1'));
    await refused(scene.click('a', point(2)), 'storage_unavailable');
    expect(await engine.sessions.snapshot(scene.session)).toMatchObject({
      snapshot: { objects: [{ revision: 1 }] },
    });
    expect(await scene.eventsAfter({ epoch: 0, sequence: 0 })).toHaveLength(3);
    await scene.remove('a');
    expect(await engine.sessions.close(scene.session, 'deleted', NOW)).toHaveLength(1);
  });

  it('are gone when their facts are gone, whatever else is left', async () => {
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    await scene.click('a');
    const state = engine.slot.key(scene.session, 'state');
    await engine.connections.commands.use((client) => client.del(state));
    expect(await engine.sessions.find(scene.session)).toBeUndefined();
    await refused(scene.click('a', point(2)), 'session_not_found');
    expect(await engine.sessions.begin(scene.session, A, 9)).toEqual({ state: 'clean' });
    expect(await engine.log.extent(scene.session)).toBeUndefined();
    expect(await engine.sessions.snapshot(scene.session)).toBeUndefined();
    const log = engine.slot.key(scene.session, 'log');
    expect(await engine.connections.commands.use((client) => client.exists(log))).toBe(0);
    expect(await engine.sessions.expired(NOW * 2)).not.toContain(scene.session);
  });
});

/** The keys of the session that there are, the answers to commands by themselves. */
async function keysOf(engine: SessionEngine, scene: Scene, of = '[^r]*'): Promise<string[]> {
  const { commands } = engine.connections;
  return await commands.use((client) => client.keys(engine.slot.names.session(scene.session, of)));
}
