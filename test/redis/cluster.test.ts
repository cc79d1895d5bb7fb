/** What only a cluster can do to sessions and work: shards, slots that move, primaries that are lost. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { keySlot } from '../../src/adapters/redis/topology/key-slot.ts';
import { objectId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { SegmentToken } from '../../src/ports/work-queue.ts';
import { freshSessionId, imageNamed, point, refused, Scene, TENANT } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { freshPrefix } from './engine-contracts.ts';
import { RedisCluster } from './redis-cluster.ts';
import type { RedisServer } from './redis-server.ts';
import { insist, listenTo, openGateway } from './support.ts';

const LEASE_MS = 1_500;

const token = (): SegmentToken => ({
  kind: 'segment',
  sessionId: freshSessionId(),
  objectId: objectId('o'),
});

async function claim({ queue }: Engine, claimId: string) {
  const now = Date.now();
  const { leases } = await queue.claim({
    ...{ gatewayId: 'g', claimId, most: 1 },
    ...{ leaseMs: LEASE_MS, now },
  });
  return leases[0];
}

/** A session that the server holds. */
async function sceneOn(cluster: RedisCluster, server: RedisServer, engine: Engine) {
  for (;;) {
    const scene = await Scene.open(engine);
    if ((await cluster.ownerOf(`{${scene.session}}`)) === server) return scene;
  }
}

async function moveSession(cluster: RedisCluster, { session }: Scene): Promise<RedisServer> {
  const from = await cluster.ownerOf(`{${session}}`);
  const to = cluster.primaries.find((server) => server !== from);
  if (to === undefined) throw new Error('there is one primary only');
  await cluster.moveSlot(`{${session}}`, to);
  return to;
}

describe('a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it('finds slots as Redis does', async () => {
    const [server] = cluster.primaries;
    for (const key of ['', '123456789', '{a}b', 'b{a}', 'x{}y', 'x{}{y}', '{{a}}', '}{a', 'ü{ß}']) {
      expect([key, keySlot(key)]).toEqual([
        key,
        await server?.command(['CLUSTER', 'KEYSLOT', key]),
      ]);
    }
  });

  it('holds sessions, blobs and answers on all of its primaries', async () => {
    const prefix = freshPrefix();
    await using engine = await openGateway(cluster.url, prefix);
    const blob = { bytes: new Uint8Array(8), contentType: 'image/png' };
    for (let n = 0; n < 20; n += 1) {
      const scene = await Scene.open(engine);
      await scene.click('a');
      await engine.blobs.put(`blob ${n}`, blob, 'holder');
      await engine.idempotency.begin('scope', `key ${n}`, 'f', Date.now());
      await engine.images.join(
        { tenant: TENANT, imageId: imageNamed(`${n}`) },
        scene.session,
        false,
      );
    }
    for (const server of cluster.primaries) {
      const keys = (await server.command(['KEYS', `${prefix}:*`])) as string[];
      for (const kind of ['{ses_', '{blob:', '{key:', '{content:']) {
        expect(keys.some((key) => key.includes(kind))).toBe(true);
      }
    }
    await engine.blobs.release('holder');
    for (const server of cluster.primaries) {
      expect(await server.command(['KEYS', `${prefix}:{blob:*`])).toEqual([]);
    }
  });

  it('carries doorbells of every shard from gateway to gateway', async () => {
    const prefix = freshPrefix();
    await using one = await openGateway(cluster.url, prefix);
    await using other = await openGateway(cluster.url, prefix);
    for (const server of cluster.primaries) {
      const scene = await sceneOn(cluster, server, one);
      const listener = await listenTo(scene);
      const { position } = await other.sessions.accept(scene.session, scene.command('a', point(1)));
      await expect(listener.hears(position)).resolves.toBeUndefined();
    }
    const bell = Promise.withResolvers<void>();
    other.queue.onAvailable(bell.resolve);
    await one.queue.enqueue(token(), { now: Date.now() });
    await bell.promise;
  });

  it('forgets scripts: each server is given them again', async () => {
    await using engine = await openGateway(cluster.url, freshPrefix());
    for (const server of cluster.primaries) {
      const scene = await sceneOn(cluster, server, engine);
      await server.command(['SCRIPT', 'FLUSH']);
      expect(await scene.click('a')).toMatchObject({ revision: 1 });
    }
  });

  it('L9 moves slots: commands follow, and whoever listens hears on', async () => {
    const prefix = freshPrefix();
    await using one = await openGateway(cluster.url, prefix);
    await using other = await openGateway(cluster.url, prefix);
    const scene = await Scene.open(one);
    const listener = await listenTo(scene);
    const before = await scene.click('a', point(1));
    await moveSession(cluster, scene);
    const after = await other.sessions.accept(scene.session, scene.command('a', point(2)));
    // Another server has another history, as far as anybody can tell.
    expect(after.position.epoch).toBeGreaterThan(before.position.epoch);
    expect(after).toMatchObject({ revision: 2 });
    await listener.hears(after.position);
    const then = await scene.click('a', point(3));
    await expect(listener.hears(then.position)).resolves.toBeUndefined();
  });

  it('is in the midst of moving a slot: commands are refused in time, or done, and go on then', async () => {
    await using engine = await openGateway(cluster.url, freshPrefix());
    const scene = await Scene.open(engine);
    const key = `{${scene.session}}`;
    await cluster.whileMoving(key, async () => {
      // Some of its keys are in neither place: Redis asks to try again.
      await refused(scene.click('a', point(1)), 'storage_unavailable');
    });
    expect(await scene.click('a', point(2))).toMatchObject({ revision: 1 });
  });

  it('is in the midst of moving a slot: single keys are found on either side', async () => {
    const prefix = freshPrefix();
    await using engine = await openGateway(cluster.url, prefix);
    const answer = { status: 201, headers: {}, body: 'kept' };
    const { idempotency } = engine;
    await idempotency.keep('scope', 'before', 'f', answer, Date.now());
    for (const name of ['before', 'new']) {
      const key = new RedisKeys(prefix).idempotency('scope', name);
      await cluster.whileMoving(key, async () => {
        const expected = name === 'before' ? { state: 'kept', answer } : { state: 'fresh' };
        expect(await idempotency.begin('scope', name, 'f', Date.now())).toEqual(expected);
      });
    }
  });

  it('has a primary that stands still: its sessions fail in time, the others do not', async () => {
    await using engine = await openGateway(cluster.url, freshPrefix());
    const scenes = await Promise.all(
      cluster.primaries.map((server) => sceneOn(cluster, server, engine)),
    );
    const [lost, ...others] = scenes;
    const [server] = cluster.primaries;
    if (lost === undefined || server === undefined) throw new Error('there is no primary');
    server.freeze();
    await refused(lost.click('a'), 'storage_unavailable');
    await refused(engine.ready(), 'storage_unavailable');
    for (const other of others) expect(await other.click('a')).toMatchObject({ revision: 1 });
    server.thaw();
    const { result } = await insist('a click', () => lost.click('a', point(2)));
    // What was sent before it stood still may have been carried out since.
    expect(result.revision).toBeGreaterThanOrEqual(1);
    await cluster.settled();
  });

  it('B6 moves the pool: no lease until the calls from before have ended', async () => {
    const prefix = freshPrefix();
    await using engine = await openGateway(cluster.url, prefix);
    const { queue } = engine;
    await queue.setCeiling(2, 2);
    for (let n = 0; n < 3; n += 1) await queue.enqueue(token(), { now: Date.now() });
    const lease = await claim(engine, 'before');
    const from = await cluster.ownerOf('{pool}');
    const to = cluster.primaries.find((server) => server !== from);
    if (lease === undefined || to === undefined) throw new Error('nothing to move');
    await cluster.moveSlot('{pool}', to);
    expect(await claim(engine, 'too early')).toBeUndefined();
    expect(await queue.renew(lease, LEASE_MS, Date.now())).toBe(true);
    const bell = Promise.withResolvers<void>();
    queue.onAvailable(bell.resolve);
    await queue.release(lease, { dirty: false, now: Date.now() });
    await bell.promise;
    await expect.poll(() => claim(engine, 'in time'), { timeout: 10_000 }).toBeDefined();
    await cluster.moveSlot('{pool}', from);
  });
});

describe('a cluster with replicas', () => {
  it('L9 loses a primary: its sessions wait for the replica, the others do not', async () => {
    const args = ['--cluster-require-full-coverage', 'no'];
    await using cluster = await RedisCluster.start({ replicasEach: 1, args });
    const prefix = freshPrefix();
    await using engine = await openGateway(cluster.url, prefix);
    const [primary, ...others] = cluster.primaries;
    if (primary === undefined) throw new Error('there is no primary');
    const scene = await sceneOn(cluster, primary, engine);
    const elsewhere = await Promise.all(others.map((server) => sceneOn(cluster, server, engine)));
    const listener = await listenTo(scene);
    const before = await scene.click('a', point(1));
    await cluster.inStep(primary);

    await primary.stop();
    await refused(scene.click('a', point(2)), 'storage_unavailable');
    for (const other of elsewhere) expect(await other.click('a')).toMatchObject({ revision: 1 });
    await refused(engine.ready(), 'storage_unavailable');
    const { result: after } = await insist('a click', () => scene.click('a', point(2)));
    expect(after).toMatchObject({ revision: 2 });
    expect(after.position.epoch).toBeGreaterThan(before.position.epoch);
    await listener.hears(after.position);
    await eventually('readiness', () => engine.ready());

    // It comes back as a replica, and nobody stays with it.
    await primary.resume();
    await cluster.settled();
    const then = await scene.click('a', point(3));
    expect(then).toMatchObject({ revision: 3 });
    await expect(listener.hears(then.position)).resolves.toBeUndefined();
  });
});
