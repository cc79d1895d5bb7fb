/** L7 on real servers: what the pool has lost, or was never told, is found again. */

import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import type { RedisEngine } from '../../src/adapters/redis/engine.ts';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { objectId } from '../../src/core/ids.ts';
import { Sweeper } from '../../src/gateway/sweeper.ts';
import { turnCosts } from '../../src/gateway/work/turn-cost.ts';
import { CONTRACT_SETTINGS, NOW, Scene } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { RedisServer } from './redis-server.ts';
import { silent } from './support.ts';

const SESSIONS = 30;
/** Beyond what any session is watched without being used. */
const LATER = NOW + 3_600_000;

const open = ({ url }: RedisServer): Promise<RedisEngine> =>
  openRedisEngine({ url, settings: CONTRACT_SETTINGS, log: silent, time: 'caller' });

/** A gateway's sweep at a time of the test's choice. */
const sweep = (engine: RedisEngine, now: number) =>
  new Sweeper(
    engine,
    { now: () => now, after: () => ({ cancel: () => undefined }) },
    turnCosts({}),
    CONTRACT_SETTINGS.deadlineMs,
  ).sweep();

const tokenOf = ({ session }: Scene, object = 'a') =>
  ({ kind: 'segment', sessionId: session, objectId: objectId(object) }) as const;

async function enqueueAll(engine: RedisEngine, scenes: readonly Scene[]): Promise<void> {
  for (const scene of scenes) await engine.queue.enqueue(tokenOf(scene), { now: NOW });
}

/** Sessions in which an object waits. */
async function dirtyScenes(engine: RedisEngine): Promise<readonly Scene[]> {
  const scenes: Scene[] = [];
  for (let n = 0; n < SESSIONS; n += 1) {
    const scene = await Scene.open(engine);
    await scene.click('a');
    scenes.push(scene);
  }
  return scenes;
}

async function waiting(engine: RedisEngine, scenes: readonly Scene[]): Promise<number> {
  const places = await Promise.all(scenes.map((scene) => engine.queue.place(tokenOf(scene))));
  return places.filter((place) => place !== undefined).length;
}

/** A command that no gateway gives. */
async function meddle<Result>(server: RedisServer, command: (client: Redis) => Promise<Result>) {
  const client = new Redis({ port: server.port, host: '127.0.0.1' });
  try {
    return await command(client);
  } finally {
    client.disconnect();
  }
}

test('L7 when the keys of the pool are deleted, all dirty objects are found again', async () => {
  await using server = await RedisServer.start();
  await using engine = await open(server);
  const scenes = await dirtyScenes(engine);
  await enqueueAll(engine, scenes);
  await sweep(engine, NOW);
  await meddle(server, (client) => client.del(...new RedisKeys().pool()));
  expect(await waiting(engine, scenes)).toBe(0);
  // Nobody has used them for an hour: they are on no list but that of all sessions.
  await sweep(engine, LATER);
  expect(await waiting(engine, scenes)).toBe(SESSIONS);
});

test('L7 gateways that notice the loss at once look at each session once', async () => {
  await using server = await RedisServer.start();
  await using engine = await open(server);
  await using other = await open(server);
  const scenes = await dirtyScenes(engine);
  let looks = 0;
  const counted = (plain: RedisEngine): RedisEngine => ({
    ...plain,
    sessions: new Proxy(plain.sessions, {
      get: (target, name) => {
        if (name === 'dirty') looks += 1;
        return Reflect.get(target, name).bind(target);
      },
    }),
  });
  await Promise.all([engine, other].map((each) => sweep(counted(each), LATER)));
  expect(await waiting(engine, scenes)).toBe(SESSIONS);
  expect(looks).toBe(SESSIONS);
});

test('L7 after a change of primary that lost the pool, all dirty objects are found again', async () => {
  await using primary = await RedisServer.start(['--repl-diskless-sync-delay', '0']);
  await using replica = await RedisServer.start(['--replicaof', `127.0.0.1 ${primary.port}`]);
  await using engine = await open(primary);
  const scenes = await dirtyScenes(engine);
  await sweep(engine, NOW);
  await eventually('the replica to follow', async () => {
    expect(await meddle(primary, (client) => client.wait(1, 100))).toBe(1);
  });
  await meddle(replica, (client) => client.replicaof('NO', 'ONE'));
  // What comes from here on, the replica never gets; the pool it has is that of before.
  await enqueueAll(engine, scenes);
  await using young = await open(replica);
  await meddle(replica, (client) => client.del(...new RedisKeys().pool().slice(1)));
  expect(await waiting(young, scenes)).toBe(0);
  await sweep(young, LATER);
  expect(await waiting(young, scenes)).toBe(SESSIONS);
});

test('L7 a pool that lost nothing is no reason to look at all sessions', async () => {
  await using server = await RedisServer.start();
  await using engine = await open(server);
  await sweep(engine, NOW);
  const scenes = await dirtyScenes(engine);
  await using other = await open(server);
  await sweep(other, LATER);
  expect(await waiting(engine, scenes)).toBe(0);
});
