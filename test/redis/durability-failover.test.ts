/** L14 where another primary takes over: with Sentinels, and in a cluster. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/ports/engine.ts';
import { refused, Scene } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { freshPrefix } from './engine-contracts.ts';
import { clickDuring, Ledger, openForLedgers } from './ledger.ts';
import { RedisCluster } from './redis-cluster.ts';
import type { RedisServer } from './redis-server.ts';
import { SentinelGroup } from './sentinel-group.ts';

/** A session that the server holds. */
async function ledgerOn(cluster: RedisCluster, server: RedisServer, engine: Engine) {
  for (;;) {
    const scene = await Scene.open(engine);
    if ((await cluster.ownerOf(`{${scene.session}}`)) === server) return new Ledger(scene);
  }
}

const lostOf = (ledgers: readonly Ledger[]) => Promise.all(ledgers.map((ledger) => ledger.lost()));

describe('L14 replicated, with Sentinels', () => {
  it('L14 loses nothing acknowledged when the primary is killed under load', async () => {
    await using group = await SentinelGroup.start();
    await using engine = await openForLedgers(group.url, freshPrefix());
    const [primary] = group.servers;
    const ledgers: Ledger[] = [];
    for (let n = 0; n < 4; n += 1) ledgers.push(new Ledger(await Scene.open(engine)));
    await clickDuring(ledgers, async () => {
      await primary.stop();
      await group.changedFrom(primary);
      // Alone the replica confirms nothing.
      await eventually('unreadiness', () => refused(engine.durable(), 'storage_unavailable'));
      await primary.resume();
      await eventually('a replica again', () => engine.durable(), 25_000);
    });
    expect(ledgers.reduce((sum, ledger) => sum + ledger.refused, 0)).toBeGreaterThan(0);
    expect((await lostOf(ledgers)).flat()).toEqual([]);
  });
});

describe('L14 replicated, in a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicasEach: 1 });
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it('L14 asks the replica of each session, and of no other', async () => {
    await using engine = await openForLedgers(cluster.url, freshPrefix());
    const ledgers: Ledger[] = [];
    for (const server of cluster.primaries) ledgers.push(await ledgerOn(cluster, server, engine));
    for (const ledger of ledgers) await eventually('a click', () => acknowledged(ledger));
    for (const [n, replica] of cluster.replicas.entries()) {
      replica.freeze();
      try {
        expect(await ledgers[n]?.click()).toBe(false);
        for (const other of ledgers.filter((_, at) => at !== n)) {
          await eventually('a click', () => acknowledged(other));
        }
        await eventually('unreadiness', () => refused(engine.durable(), 'storage_unavailable'));
      } finally {
        replica.thaw();
      }
      await eventually('readiness', () => engine.durable());
      await eventually('a click', () => acknowledged(ledgers[n]));
    }
  });

  it('L14 goes on while slots move, and loses nothing acknowledged', async () => {
    await using engine = await openForLedgers(cluster.url, freshPrefix());
    const [from, to] = cluster.primaries;
    if (from === undefined || to === undefined) throw new Error('there is one primary only');
    const ledgers: Ledger[] = [];
    for (let n = 0; n < 4; n += 1) ledgers.push(await ledgerOn(cluster, from, engine));
    await clickDuring(ledgers, async () => {
      for (const { scene } of ledgers) await cluster.moveSlot(`{${scene.session}}`, to);
    });
    expect((await lostOf(ledgers)).flat()).toEqual([]);
    for (const { scene } of ledgers) await cluster.moveSlot(`{${scene.session}}`, from);
  });

  it('L14 loses nothing acknowledged when a primary is killed under load', async () => {
    await using engine = await openForLedgers(cluster.url, freshPrefix());
    const [primary] = cluster.primaries;
    if (primary === undefined) throw new Error('there is no primary');
    const ledgers: Ledger[] = [];
    for (let n = 0; n < 3; n += 1) ledgers.push(await ledgerOn(cluster, primary, engine));
    await clickDuring(ledgers, async () => {
      await primary.stop();
      const [witness] = cluster.replicas;
      await eventually(
        'the replica',
        async () => {
          const owner = await cluster.ownerOf(`{${ledgers[0]?.scene.session}}`, witness);
          expect(cluster.replicas).toContain(owner);
        },
        25_000,
      );
      await primary.resume();
      await cluster.settled();
    });
    expect(ledgers.reduce((sum, ledger) => sum + ledger.refused, 0)).toBeGreaterThan(0);
    expect((await lostOf(ledgers)).flat()).toEqual([]);
  });
});

async function acknowledged(ledger: Ledger | undefined): Promise<void> {
  if (!(await ledger?.click())) throw new Error('the click was refused');
}
