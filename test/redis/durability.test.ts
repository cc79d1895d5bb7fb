/** MASKWIRE_DURABILITY=replicated against a real primary and its replica (L14). */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ReplicaConfirmations } from '../../src/adapters/redis/confirmations.ts';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { RedisSessionStore } from '../../src/adapters/redis/session-store.ts';
import { openTopology } from '../../src/adapters/redis/topology/open.ts';
import { objectId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { AcceptClick, Changed } from '../../src/ports/session-store.ts';
import { FaultProxy } from '../chaos/fault-proxy.ts';
import {
  CONTRACT_SETTINGS,
  freshSessionId,
  NOW,
  point,
  refused,
  Scene,
  TENANT,
  within,
} from '../contract/support.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { eventually } from '../support/eventually.ts';
import { RedisServer } from './redis-server.ts';
import { openSessionEngine } from './session-engine.ts';
import { silent } from './support.ts';

/** What a test may wait for an answer that has a bound: some times that bound. */
const BOUND_MS = 5_000;
/** Of how much later a replica behind a slow link has what its primary has. */
const LAG_MS = 30;

/** Replicas that come are served at once. */
const PRIMARY = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];

interface Pair extends AsyncDisposable {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Between the two. */
  readonly link: FaultProxy;
}

async function startPair(): Promise<Pair> {
  await using opened = new AsyncDisposableStack();
  const primary = opened.use(await RedisServer.start(PRIMARY));
  const link = opened.use(await FaultProxy.open(primary.port, new SeededRandom(1)));
  const of = ['--replicaof', '127.0.0.1', String(link.port)];
  const replica = opened.use(await RedisServer.start(of));
  const all = opened.move();
  return { primary, replica, link, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

let engines = 0;

/** Once it can confirm; with keys of its own. */
async function openReplicated(server: RedisServer, ready = true): Promise<Engine> {
  engines += 1;
  const engine = await openRedisEngine({
    settings: CONTRACT_SETTINGS,
    log: silent,
    url: server.url,
    prefix: `durability-${engines}`,
    durability: 'replicated',
  });
  if (ready) await durable(engine);
  return engine;
}

/** Resolves when a change has been made durable. */
async function durable(engine: Engine): Promise<void> {
  await eventually('readiness', () => engine.durable());
  const session = { tenant: TENANT, subject: 'suite', now: NOW };
  await eventually('a durable change', () =>
    engine.sessions.durably((all) => all.open({ ...session, sessionId: freshSessionId() })),
  );
}

function confirmationsOf(server: RedisServer): ReplicaConfirmations {
  const address = parseRedisUrl(server.url);
  return new ReplicaConfirmations({
    ...{ address, log: silent },
    topology: openTopology(address, silent),
  });
}

/** A connection of the test's own. */
function clientOf(server: RedisServer): Redis & AsyncDisposable {
  const client = new Redis(server.url, { maxRetriesPerRequest: null });
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => client.disconnect(),
  });
}

async function replicationOf(client: Redis): Promise<ReadonlyMap<string, string>> {
  const lines = (await client.info('replication')).split('\r\n');
  return new Map(
    lines.map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1)]),
  );
}

/** The replication id of the primary, as soon as its replica confirms changes. */
async function confirming(primary: Redis, confirmations: ReplicaConfirmations): Promise<string> {
  const confirm = async () => {
    const id = (await replicationOf(primary)).get('master_replid') ?? '';
    await confirmations.confirm('key', id);
    return id;
  };
  return await eventually('a confirmation', confirm);
}

/** How often the server was given each command; by scripts, too. */
async function callsOf(client: Redis): Promise<{ readonly wait: number; readonly set: number }> {
  const stats = await client.info('commandstats');
  const calls = (name: string) =>
    Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
  return { wait: calls('wait'), set: calls('set') };
}

/** A click of which somebody is told that it was taken. */
function promised(scene: Scene, command: AcceptClick): Promise<Changed> {
  return scene.sessions.durably((sessions) => sessions.accept(scene.session, command));
}

describe('L14 replicated', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  it('L14 tells of nothing that the replica has not', async () => {
    await using engine = await openReplicated(pair.primary);
    await using replica = clientOf(pair.replica);
    const scene = await Scene.open(engine);
    pair.link.set({ latencyMs: LAG_MS });
    try {
      for (let click = 1; click <= 5; click += 1) {
        const { position } = await promised(scene, scene.command('a', point(click)));
        const [key = ''] = await replica.keys(`*{${scene.session}}:state`);
        expect(Number(await replica.hget(key, 'last'))).toBeGreaterThanOrEqual(position.sequence);
      }
    } finally {
      pair.link.set({});
    }
  });

  it('L14 refuses every change while the replica hears nothing, and goes on when it does', async () => {
    await using engine = await openReplicated(pair.primary);
    const scene = await Scene.open(engine);
    const { sessions } = engine;
    const { session, image } = scene;
    const clicked = await scene.click('a');
    await scene.click('b');
    await scene.fail(await scene.begin('b'));
    const doomed = freshSessionId();
    const opening = { tenant: TENANT, subject: 'suite', now: NOW };
    await sessions.open({ ...opening, sessionId: doomed });
    const object = objectId('a');
    const changes = {
      open: () => sessions.durably((all) => all.open({ ...opening, sessionId: freshSessionId() })),
      addImage: () => sessions.durably((all) => all.addImage(session, image, scene.tick())),
      accept: () => promised(scene, scene.command('a', point(7))),
      undo: () => sessions.durably((all) => all.undo(session, clicked.clickId, scene.tick())),
      patchObject: () =>
        sessions.durably((all) => all.patchObject(session, object, { label: 'l' }, scene.tick())),
      retryObject: () =>
        sessions.durably((all) => all.retryObject(session, objectId('b'), scene.tick())),
      removeObject: () =>
        sessions.durably((all) => all.removeObject(session, object, scene.tick())),
      removeImage: () =>
        sessions.durably((all) => all.removeImage(session, image.imageId, scene.tick())),
      close: () => sessions.durably((all) => all.close(doomed, 'deleted', scene.tick())),
      put: () =>
        engine.blobs.put('id', { bytes: new Uint8Array(9), contentType: 'image/png' }, 'holder'),
    };
    pair.replica.freeze();
    try {
      // Nobody is told anything of what is done outside of `durably`.
      await expect(scene.click('c', point(3))).resolves.toMatchObject({ revision: 1 });
      for (const [name, change] of Object.entries(changes)) {
        await within(name, refused(change(), 'storage_unavailable'), BOUND_MS);
      }
      await within('readiness', refused(engine.durable(), 'storage_unavailable'), BOUND_MS);
    } finally {
      pair.replica.thaw();
    }
    await durable(engine);
    await expect(changes.open()).resolves.toBeDefined();
    await expect(changes.put()).resolves.toBeUndefined();
  });

  it('L14 takes what was refused when it is sent again, as a replay', async () => {
    await using engine = await openReplicated(pair.primary);
    const scene = await Scene.open(engine);
    const idempotency = { key: 'k', fingerprint: 'f' };
    pair.replica.freeze();
    try {
      const first = promised(scene, scene.command('a', point(1), { idempotency }));
      await within('an answer', refused(first, 'storage_unavailable'), BOUND_MS);
      // A replay is as durable as a first answer.
      const second = promised(scene, scene.command('a', point(1), { idempotency }));
      await within('an answer', refused(second, 'storage_unavailable'), BOUND_MS);
    } finally {
      pair.replica.thaw();
    }
    await durable(engine);
    const third = await promised(scene, scene.command('a', point(1), { idempotency }));
    expect(third).toMatchObject({ replayed: true, dirty: true, revision: 1 });
    const { clicks } = await scene.object('a');
    expect(clicks).toHaveLength(1);
  });

  it('L14 confirms a hundred changes with few WAITs', async () => {
    await using confirmations = confirmationsOf(pair.primary);
    await using client = clientOf(pair.primary);
    const id = await confirming(client, confirmations);
    const before = await callsOf(client);
    const changes = Array.from({ length: 100 }, (_, n) => confirmations.confirm(`key-${n}`, id));
    await within('the confirmations', Promise.all(changes), BOUND_MS);
    // The first goes alone, the others share the next one.
    const after = await callsOf(client);
    expect(after.wait - before.wait).toBe(2);
    // From Redis 7.2 on, a WAIT without a write of its connection's own asks nobody.
    expect(after.set - before.set).toBe(2);
    expect(await client.keys('key-*')).toEqual([]);
  });

  it('L14 has a bound on those who wait', async () => {
    await using confirmations = confirmationsOf(pair.primary);
    await eventually('readiness', () => confirmations.check());
    pair.replica.freeze();
    try {
      const all = Promise.allSettled(
        Array.from({ length: 10_002 }, () => confirmations.confirm('key', 'x')),
      );
      const reasons = (await within('the answers', all, BOUND_MS)).map(
        (outcome) => outcome.status === 'rejected' && String(outcome.reason.message),
      );
      expect(reasons.filter((text) => /fast enough/.test(String(text)))).toHaveLength(2);
    } finally {
      pair.replica.thaw();
    }
  });

  it('L14 goes on when its connection is lost under a WAIT', async () => {
    await using confirmations = confirmationsOf(pair.primary);
    await using client = clientOf(pair.primary);
    const id = await confirming(client, confirmations);
    pair.link.set({ latencyMs: LAG_MS * 3 });
    try {
      const confirmed = confirmations.confirm('key', id);
      confirmed.catch(() => undefined);
      const blocked = async () => {
        const list = String(await client.client('LIST'));
        const line = list.split('\n').find((text) => / name=maskwire-sync .*flags=b/.test(text));
        if (line === undefined) throw new Error('nobody waits');
        return Number(/^id=(\d+)/.exec(line)?.[1]);
      };
      const victim = await eventually('a WAIT', blocked);
      expect(await client.client('KILL', 'ID', victim)).toBe(1);
      // In time for its deadline, or not on a machine that is busy.
      await within(
        'an answer',
        confirmed.catch(() => undefined),
        BOUND_MS,
      );
      await expect(confirming(client, confirmations)).resolves.toBe(id);
    } finally {
      pair.link.set({});
    }
  });

  it('L14 confirms what may be removed when Redis is full', async () => {
    await using engine = await openReplicated(pair.primary);
    const scene = await Scene.open(engine);
    await using client = clientOf(pair.primary);
    await client.config('SET', 'maxmemory', '1');
    try {
      await refused(promised(scene, scene.command('a', point(1))), 'storage_unavailable');
      const closed = scene.sessions.durably((all) => all.close(scene.session, 'deleted', NOW));
      await expect(closed).resolves.toHaveLength(1);
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
  });
});

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
