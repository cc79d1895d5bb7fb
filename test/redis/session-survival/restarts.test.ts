/** A server that comes back, and one that takes the place of another. */
import { describe, expect, it } from 'vitest';
import { resetReason } from '../../../src/core/cursor.ts';
import { point, Scene } from '../../contract/support.ts';
import { eventually } from '../../support/eventually.ts';
import { RedisServer } from '../redis-server.ts';
import { freshKeys, openSessionEngine } from '../session-engine.ts';
import { resetOf } from './scene-log.ts';

describe('servers that are restarted or replaced', () => {
  it('L9 a restart keeps sessions and begins a new epoch', async () => {
    await using server = await RedisServer.start([
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
    ]);
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    const click = await scene.click('a', point(1));
    await scene.segment('a', 'm');
    const at = await scene.position();
    const before = await engine.sessions.snapshot(scene.session);
    await server.stop();
    await server.resume();
    const after = await eventually('the snapshot', () => engine.sessions.snapshot(scene.session));
    expect({ ...after?.snapshot, cursor: '' }).toEqual({ ...before?.snapshot, cursor: '' });
    expect(after?.position.epoch).toBeGreaterThan(at.epoch);
    expect(await resetOf(scene, at)).toBe('epoch_changed');
    // The log that had the answer is gone; its newest mask shows the click, too.
    expect(await scene.state(click)).toMatchObject({
      status: 'completed',
      result: { mask: { counts: 'm' } },
    });
    expect(await scene.click('a', point(2))).toMatchObject({
      revision: 2,
      position: { epoch: after?.position.epoch, sequence: 1 },
    });
    const again = await scene.position();
    expect(await resetOf(scene, again)).toBeUndefined();
  });

  it('L9 counter-example 11: a replica that takes over begins a new epoch', async () => {
    await using primary = await RedisServer.start(['--repl-diskless-sync-delay', '0']);
    const following = ['--replicaof', `127.0.0.1 ${primary.port}`];
    await using replica = await RedisServer.start(following);
    const keys = freshKeys();
    await using old = await openSessionEngine(primary, keys);
    const scene = await Scene.open(old);
    await eventually('the replica to follow', async () => {
      expect(await old.connections.commands.use((client) => client.wait(1, 100))).toBe(1);
    });
    const kept = await scene.position();
    // What comes from here on, the replica never gets.
    await replica.command(['REPLICAOF', 'NO', 'ONE']);
    await using young = await openSessionEngine(replica, keys);
    await scene.click('a', point(1));
    const lost = await scene.position();
    const anew = scene.command('b', point(2));
    const click = await young.sessions.accept(scene.session, anew);
    expect(click.position.epoch).toBeGreaterThan(lost.epoch);
    const extent = await young.log.extent(scene.session);
    for (const position of [kept, lost]) {
      expect(extent && resetReason(position, extent)).toBe('epoch_changed');
    }
  });
});
