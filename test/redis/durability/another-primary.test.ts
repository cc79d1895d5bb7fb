/** Primaries that are demoted, replaced, standing still or alone (L14). */
import { describe, expect, it, vi } from 'vitest';
import { openRedisEngine } from '../../../src/adapters/redis/engine.ts';
import { RedisSessionStore } from '../../../src/adapters/redis/session-store.ts';
import { CONTRACT_SETTINGS, point, refused, Scene, within } from '../../contract/support.ts';
import { eventually } from '../../support/eventually.ts';
import { RedisServer } from '../redis-server.ts';
import { openSessionEngine } from '../session-engine.ts';
import { silent } from '../support.ts';
import {
  BOUND_MS,
  clientOf,
  confirmationsOf,
  confirming,
  PRIMARY,
  replicationOf,
  startPair,
} from './replicated-pair.ts';

describe('L14 replicated: another primary', () => {
  it('L14 never confirms what a primary was told that is not the one with the replica', async () => {
    await using pair = await startPair();
    await using elsewhere = await RedisServer.start();
    // As after a failover that the connection for commands has not noticed yet.
    await using engine = await openSessionEngine(elsewhere);
    await using confirmations = confirmationsOf(pair.primary);
    await eventually('readiness', () => confirmations.check());
    const scene = await Scene.open(engine);
    const sessions = new RedisSessionStore(engine.slot, confirmations);
    const change = sessions.durably((all) =>
      all.accept(scene.session, scene.command('a', point(1))),
    );
    await within('an answer', refused(change, 'storage_unavailable'), BOUND_MS);
  });

  it('L14 never confirms across a change of primary and back', async () => {
    await using pair = await startPair();
    await using confirmations = confirmationsOf(pair.primary);
    await using primary = clientOf(pair.primary);
    await using other = clientOf(pair.replica);
    const id = await confirming(primary, confirmations);
    await other.replicaof('NO', 'ONE');
    await primary.replicaof('127.0.0.1', pair.replica.port);
    await within('an answer', refused(confirmations.confirm('key', id), 'storage_unavailable'));
    await eventually('the new replica', async () => {
      const facts = await replicationOf(primary);
      expect(facts.get('master_link_status')).toBe('up');
    });
    await primary.replicaof('NO', 'ONE');
    await other.replicaof('127.0.0.1', pair.primary.port);
    await expect(confirming(primary, confirmations)).resolves.not.toBe(id);
    await within('an answer', refused(confirmations.confirm('key', id), 'storage_unavailable'));
  });

  it('L14 refuses at once when the primary is demoted under a WAIT', async () => {
    await using pair = await startPair();
    await using confirmations = confirmationsOf(pair.primary);
    await using primary = clientOf(pair.primary);
    const id = await confirming(primary, confirmations);
    pair.replica.freeze();
    try {
      const change = confirmations.confirm('key', id);
      change.catch(() => undefined);
      await eventually('a WAIT', async () => {
        expect(await primary.info('clients')).toMatch(/^blocked_clients:1\r$/m);
      });
      await primary.replicaof('127.0.0.1', pair.replica.port);
      await within('an answer', refused(change, 'storage_unavailable'), BOUND_MS);
    } finally {
      pair.replica.thaw();
    }
  });

  it('L14 refuses in time when the primary stands still', async () => {
    await using pair = await startPair();
    await using confirmations = confirmationsOf(pair.primary);
    await eventually('readiness', () => confirmations.check());
    pair.primary.freeze();
    const answers = [confirmations.confirm('a', 'x'), confirmations.confirm('b', 'x')];
    for (const answer of answers) {
      await within('an answer', refused(answer, 'storage_unavailable'), BOUND_MS);
    }
    pair.primary.thaw();
    await expect(eventually('readiness', () => confirmations.check())).resolves.toBeUndefined();
  });

  it('L14 warns at the start that there is no replica, and is ready when one comes', async () => {
    await using primary = await RedisServer.start([...PRIMARY, '--appendonly', 'yes']);
    const warn = vi.fn();
    await using engine = await openRedisEngine({
      settings: CONTRACT_SETTINGS,
      log: { ...silent, warn },
      url: primary.url,
      durability: 'replicated',
    });
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(/no replica.*EVERY CHANGE WILL BE REFUSED.*MASKWIRE_DURABILITY=memory/),
    ]);
    await refused(engine.durable(), 'storage_unavailable');
    await using _replica = await RedisServer.start([
      ...['--replicaof', '127.0.0.1', String(primary.port)],
    ]);
    await expect(eventually('readiness', () => engine.durable())).resolves.toBeUndefined();
  });
});
