/** What only sessions in Redis can live through: other gateways, lost replies, lost data. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Position } from '../../src/core/cursor.ts';
import { resetReason } from '../../src/core/cursor.ts';
import { objectId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import {
  CONTRACT_SETTINGS,
  FAILED,
  freshSessionId,
  imageFacts,
  NOW,
  point,
  refused,
  Scene,
  TENANT,
  typesOf,
  within,
} from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { RedisServer } from './redis-server.ts';
import type { SessionEngine } from './session-engine.ts';
import { freshKeys, openSessionEngine } from './session-engine.ts';

const A = objectId('a');

/** As if the reply to every command were lost, and the command sent once more. */
function loseEveryReply(engine: SessionEngine): void {
  const { commands } = engine.connections;
  const use = commands.use.bind(commands);
  vi.spyOn(commands, 'use').mockImplementation(async (command) => {
    await use(command);
    return await use(command);
  });
}

/** The same scene as another gateway sees it. */
async function logOf(engine: Engine, scene: Scene): Promise<readonly unknown[]> {
  const page = await engine.log.read(scene.session, { epoch: 0, sequence: 0 }, 1_000);
  return page?.events ?? [];
}

/** Whether a reader that stands there is told to begin anew. */
async function resetOf(scene: Scene, position: Position) {
  const extent = await scene.engine.log.extent(scene.session);
  return extent === undefined ? 'gone' : resetReason(position, extent);
}

describe('sessions in redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('are the same on every gateway, which hear of what others do', async () => {
    const keys = freshKeys();
    await using one = await openSessionEngine(server, keys);
    await using other = await openSessionEngine(server, keys);
    const scene = await Scene.open(one);
    const heard = Promise.withResolvers<string>();
    const end = await other.log.subscribe(scene.session, {
      appended: (events) => heard.resolve(events.map((event) => event.type).join()),
      passing: () => undefined,
    });
    const click = await scene.click('a');
    expect(await within('the doorbell on the other gateway', heard.promise)).toBe('click.accepted');
    expect(await other.sessions.undo(scene.session, click.clickId, NOW)).toMatchObject({
      revision: 2,
    });
    expect(await logOf(one, scene)).toEqual(await logOf(other, scene));
    end();
  });

  it('apply clicks of two gateways on one object one after the other', async () => {
    const keys = freshKeys();
    await using one = await openSessionEngine(server, keys);
    await using other = await openSessionEngine(server, keys);
    const scene = await Scene.open(one);
    const accepted = await Promise.all(
      [1, 2, 3, 4].map((x) => {
        const { sessions } = x % 2 === 0 ? one : other;
        return sessions.accept(scene.session, scene.command('a', point(x)));
      }),
    );
    expect(accepted.map(({ revision }) => revision).toSorted()).toEqual([1, 2, 3, 4]);
    const call = await scene.begin('a');
    const { work } = call;
    expect(work.prompt.points).toHaveLength(4);
    expect(await scene.answer(call, 'm')).toEqual({ accepted: true, dirty: false });
  });

  it('go on when the server has forgotten the scripts', async () => {
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    await scene.click('a', point(1));
    await engine.connections.commands.use((client) => client.script('FLUSH'));
    expect(await scene.click('a', point(2))).toMatchObject({ revision: 2 });
  });

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

  it('A13 remember the newest 256 answers', async () => {
    const settings = { ...CONTRACT_SETTINGS, maxPointsPerObject: 300 };
    await using engine = await openSessionEngine(server, freshKeys(), settings);
    const scene = await Scene.open(engine);
    const spot = (n: number) => point(n % 100, Math.floor(n / 100));
    const answer = async (n: number) => {
      await scene.click('a', spot(n));
      await scene.segment('a', `answer ${n}`);
      await scene.remove('a');
    };
    for (let n = 0; n <= 256; n += 1) await answer(n);
    expect(await scene.click('b', spot(0))).toMatchObject({ dirty: true });
    expect(await scene.click('c', spot(1))).toMatchObject({ dirty: false });
    expect(await scene.object('c')).toMatchObject({ result: { mask: { counts: 'answer 1' } } });
  });

  it('A13 remember large answers up to 4 MiB', async () => {
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    const large = (n: number) => String(n).padEnd(1_000_000, '0');
    for (const n of [0, 1, 2, 3, 4]) {
      await scene.click('a', point(n));
      await scene.segment('a', large(n));
      await scene.remove('a');
    }
    expect(await scene.click('b', point(0))).toMatchObject({ dirty: true });
    expect(await scene.click('c', point(1))).toMatchObject({ dirty: false });
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

describe('commands whose replies are lost', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** All commands that append or answer, in a fixed order. */
  async function everything(engine: SessionEngine): Promise<{ scene: Scene; replies: unknown[] }> {
    const { sessions } = engine;
    const scene = await Scene.open(engine);
    const dog = imageFacts('dog');
    const replies: unknown[] = [];
    const note = async (reply: Promise<unknown>) => {
      replies.push(await reply);
    };
    await note(sessions.addImage(scene.session, dog, NOW));
    await note(sessions.settleImage(scene.session, dog.imageId, FAILED, NOW));
    const first = await scene.click('a', point(1));
    const second = await scene.click('a', point(2));
    await note(scene.segment('a', 'm').then(({ dirty }) => dirty));
    await note(sessions.patchObject(scene.session, A, { label: 'cat' }, NOW));
    await scene.undo(second);
    await note(scene.fail(await scene.begin('a')).then(({ dirty }) => dirty));
    await note(sessions.retryObject(scene.session, A, NOW));
    await note(scene.segment('a', 'n').then(({ dirty }) => dirty));
    await scene.undo(first);
    await scene.click('b', point(3));
    await note(scene.remove('b'));
    await note(sessions.removeImage(scene.session, dog.imageId, NOW));
    return { scene, replies };
  }

  it('L1 L2 L4 append once and answer the same', async () => {
    await using steady = await openSessionEngine(server);
    await using lossy = await openSessionEngine(server);
    loseEveryReply(lossy);
    const [plain, doubled] = [await everything(steady), await everything(lossy)];
    expect(withoutNames(doubled.replies)).toEqual(withoutNames(plain.replies));
    const events = await logOf(lossy, doubled.scene);
    expect(withoutNames(events)).toEqual(withoutNames(await logOf(steady, plain.scene)));
    expect(events.length).toBeGreaterThan(15);
    const images = await lossy.sessions.close(doubled.scene.session, 'deleted', NOW);
    expect(images?.map((image) => image.imageId)).toEqual([imageFacts().imageId]);
  });

  it('open a session once', async () => {
    await using engine = await openSessionEngine(server);
    loseEveryReply(engine);
    const sessionId = freshSessionId();
    const command = { sessionId, tenant: TENANT, subject: 'me', now: NOW };
    expect(await engine.sessions.open(command)).toMatchObject({ position: { sequence: 1 } });
    expect(await engine.log.extent(sessionId)).toMatchObject({ first: 1, last: 1 });
    await refused(engine.sessions.open(command), 'conflict');
  });
});

describe('logs that were lost or changed behind our back', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** A session with events, and where its log is. */
  async function prepare(engine: SessionEngine) {
    const scene = await Scene.open(engine);
    await scene.click('a', point(1));
    await scene.click('a', point(2));
    return { scene, log: engine.slot.key(scene.session, 'log'), at: await scene.position() };
  }

  const greaterEpoch = (at: Position) => expect.toSatisfy((epoch: number) => epoch > at.epoch);

  it('L9 a log that is missing is made anew in a greater epoch', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, log, at } = await prepare(engine);
    await engine.connections.commands.use((client) => client.del(log));
    expect(await resetOf(scene, at)).toBe('epoch_changed');
    const click = await scene.click('a', point(3));
    expect(click.position).toEqual({ epoch: greaterEpoch(at), sequence: 1 });
    const cut = await engine.sessions.snapshot(scene.session);
    expect(cut?.position).toEqual(click.position);
    expect(cut?.snapshot.objects).toMatchObject([{ revision: 3, clicks: [{}, {}, {}] }]);
    expect(typesOf(await scene.eventsAfter({ epoch: 0, sequence: 0 }))).toEqual(['click.accepted']);
  });

  it('L9 an empty log of a new epoch is no reason for another one', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, log, at } = await prepare(engine);
    await engine.connections.commands.use((client) => client.del(log));
    const cut = await engine.sessions.snapshot(scene.session);
    expect(cut?.position).toEqual({ epoch: greaterEpoch(at), sequence: 0 });
    expect(await scene.position()).toEqual(cut?.position);
    const click = await scene.click('a', point(3));
    expect(click.position).toEqual({ epoch: cut?.position.epoch, sequence: 1 });
  });

  it('counter-example 11: a log that was cut at its end numbers nothing again', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, log, at } = await prepare(engine);
    const last = `${at.epoch}-${at.sequence}`;
    await engine.connections.commands.use((client) => client.xdel(log, last));
    await scene.click('b', point(3));
    expect(await resetOf(scene, at)).toBe('epoch_changed');
    expect((await scene.position()).epoch).toBeGreaterThan(at.epoch);
  });

  it('A24 a log that was cut at its beginning is shorter, not another one', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, log, at } = await prepare(engine);
    await engine.connections.commands.use((client) => client.xtrim(log, 'MAXLEN', 1));
    expect(await resetOf(scene, at)).toBeUndefined();
    expect(await resetOf(scene, { ...at, sequence: at.sequence - 2 })).toBe('history_trimmed');
  });

  it('L12 after a lost connection listeners are told of the newest entry again', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, at } = await prepare(engine);
    const told = Promise.withResolvers<Position | undefined>();
    const end = await engine.log.subscribe(scene.session, {
      appended: (events) => told.resolve(events.at(-1)?.position),
      passing: () => undefined,
    });
    await engine.connections.commands.use((client) =>
      client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    );
    expect(await within('the newest entry', told.promise)).toEqual(at);
    end();
  });

  it('A19 gives out one object for one entry while somebody holds it', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, at } = await prepare(engine);
    const told = Promise.withResolvers<LoggedEvent | undefined>();
    const end = await engine.log.subscribe(scene.session, {
      appended: ([event]) => told.resolve(event),
      passing: () => undefined,
    });
    await scene.click('a', point(3));
    const event = await within('the doorbell', told.promise);
    const [read] = await scene.eventsAfter(at);
    expect(event?.type).toBe('click.accepted');
    expect(read).toBe(event);
    end();
  });
});

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

/** The keys of the session that there are, the answers to commands by themselves. */
async function keysOf(engine: SessionEngine, scene: Scene, of = '[^r]*'): Promise<string[]> {
  const { commands } = engine.connections;
  return await commands.use((client) => client.keys(engine.slot.names.session(scene.session, of)));
}

/** Without what differs between two sessions in which the same was done. */
function withoutNames(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/(ses|clk)_\w+/g, '$1')
    .replaceAll(/"epoch":\d+/g, '"epoch":0')
    .replaceAll(/"at":\d+/g, '"at":0');
  return JSON.parse(text);
}
