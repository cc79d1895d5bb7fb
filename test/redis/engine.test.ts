/** The whole engine: every contract, and what it says of a server that cannot be used. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import type { Logger } from '../../src/ports/system.ts';
import { CONTRACT_SETTINGS, refused } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { engineContracts, freshPrefix } from './engine-contracts.ts';
import { freePort, RedisServer } from './redis-server.ts';
import { silent } from './support.ts';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const options = { settings: CONTRACT_SETTINGS, log: silent };

engineContracts('redis engine', (settings = CONTRACT_SETTINGS) =>
  openRedisEngine({ ...options, settings, url: server.url, prefix: freshPrefix(), time: 'caller' }),
);

describe('redis engine: start', () => {
  const start = (url: string, log: Logger = silent) => openRedisEngine({ ...options, url, log });

  it('is ready, and says so until Redis is lost', async () => {
    await using own = await RedisServer.start();
    await using engine = await start(own.url);
    await expect(engine.ready()).resolves.toBeUndefined();
    await own.stop();
    await refused(engine.ready(), 'storage_unavailable');
    await own.resume();
    await expect(eventually('readiness', () => engine.ready())).resolves.toBeUndefined();
  });

  it('says that nobody answers', async () => {
    const url = `redis://:secret@127.0.0.1:${await freePort()}`;
    const failure = await start(url).catch((error: unknown) => error);
    expect(String(failure)).toMatch(/does not answer: start Redis, or correct REDIS_URL/);
    expect(String(failure)).not.toContain('secret');
  });

  it('says that a password is missing or wrong', async () => {
    await using own = await RedisServer.start(['--requirepass', 'right']);
    await expect(start(own.url)).rejects.toThrow(/asks for a password: set REDIS_URL=/);
    const wrong = own.url.replace('//', '//:wrong@');
    await expect(start(wrong)).rejects.toThrow(/refuses the user or password/);
    await using engine = await start(own.url.replace('//', '//:right@'));
    await expect(engine.ready()).resolves.toBeUndefined();
  });

  it('says that the user may not do all that is needed', async () => {
    for (const rights of ['~* +@all', '&* +@all', '~* &* +@read']) {
      await using own = await RedisServer.start(`--user me on >pass ${rights}`.split(' '));
      await expect(start(own.url.replace('//', '//me:pass@'))).rejects.toThrow(
        /does not let this user do what is needed: give it all commands, keys and channels/,
      );
    }
  });

  it('uses the database and the user of the address', async () => {
    await using own = await RedisServer.start('--user me on >pass ~* &* +@all'.split(' '));
    const url = own.url.replace('//', '//me:pass@');
    await using engine = await start(`${url}/3`);
    await engine.queue.setCeiling(7, 7);
    await using elsewhere = await start(url);
    expect((await elsewhere.queue.load(Date.now())).limit).toBe(0);
    await expect(start(`${url}/99`)).rejects.toThrow(/no database of the number/);
  });

  it('warns loudly of an eviction policy that drops keys, and of no log on disk', async () => {
    await using own = await RedisServer.start(['--maxmemory-policy', 'allkeys-lru']);
    const warn = vi.fn();
    await using _engine = await start(own.url, { ...silent, warn });
    const said = warn.mock.calls.map(([message]) => message);
    expect(said).toEqual([
      expect.stringMatching(/DROP SESSIONS.*allkeys-lru.*set maxmemory-policy noeviction/),
      expect.stringMatching(/set appendonly yes/),
    ]);
  });

  it('warns of nothing when everything is kept', async () => {
    await using own = await RedisServer.start(['--appendonly', 'yes']);
    const warn = vi.fn();
    await using _engine = await start(own.url, { ...silent, warn });
    expect(warn).not.toHaveBeenCalled();
  });

  it('refuses a replica and a cluster', async () => {
    await using replica = await RedisServer.start(['--replicaof', '127.0.0.1', `${server.port}`]);
    await expect(start(replica.url)).rejects.toThrow(
      /is a replica: REDIS_URL must name the primary/,
    );
    await using cluster = await RedisServer.start(['--cluster-enabled', 'yes']);
    await expect(start(cluster.url)).rejects.toThrow(
      /is a node of a cluster: set REDIS_URL=redis\+cluster:/,
    );
  });
});
