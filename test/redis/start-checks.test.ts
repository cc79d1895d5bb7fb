/** What an engine says of a Redis that cannot be used, for each kind of address. */
import { describe, expect, it, vi } from 'vitest';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import type { Logger } from '../../src/ports/system.ts';
import { CONTRACT_SETTINGS } from '../contract/support.ts';
import { RedisCluster } from './redis-cluster.ts';
import { freePort, RedisServer } from './redis-server.ts';
import { SentinelGroup } from './sentinel-group.ts';
import { silent } from './support.ts';

const start = (url: string, log: Logger = silent) =>
  openRedisEngine({ settings: CONTRACT_SETTINGS, url, log });

/** The message, which shows no password. */
async function failureOf(url: string): Promise<string> {
  const message = await start(url).then(
    () => 'it started',
    (error: Error) => `${error.name}: ${error.message}`,
  );
  expect(message).not.toMatch(/hush/);
  return message;
}

const nobody = async () => `127.0.0.1:${await freePort()}`;

describe('REDIS_URL of Sentinels', () => {
  it('A33 that names nobody, or somebody else', async () => {
    const sentinels = `redis+sentinel://:hush@${await nobody()},${await nobody()}/mymaster`;
    expect(await failureOf(sentinels)).toMatch(
      /^RedisStartError: Redis at redis\+sentinel:.*: no Sentinel can be asked, 127\.0\.0\.1:\d+ does not answer: start Redis, or correct REDIS_URL\.$/,
    );
    await using server = await RedisServer.start();
    expect(await failureOf(`redis+sentinel://127.0.0.1:${server.port}/mymaster`)).toMatch(
      /127\.0\.0\.1:\d+ is not a Sentinel: set REDIS_URL=redis:/,
    );
  });

  it('A33 with a wrong name, or for what is no Sentinels', async () => {
    await using group = await SentinelGroup.start();
    expect(await failureOf(group.url.replace('/maskwire', '/other'))).toMatch(
      /127\.0\.0\.1:\d+ knows no primary of the name at the end of REDIS_URL/,
    );
    const [sentinel] = group.sentinels;
    expect(await failureOf(`redis://127.0.0.1:${sentinel?.port}`)).toMatch(
      /is a Sentinel: set REDIS_URL=redis\+sentinel:/,
    );
    expect(await failureOf(`redis+cluster://127.0.0.1:${sentinel?.port}`)).toMatch(
      /is a Sentinel: set REDIS_URL=redis\+sentinel:/,
    );
    // One Sentinel that can be asked is enough, and database 3 is another than 0.
    await using engine = await start(group.url.replace('//', `//${await nobody()},`));
    await engine.queue.setCeiling(7, 7);
    await using elsewhere = await start(`${group.url}/3`);
    expect((await elsewhere.queue.load(Date.now())).ceiling).toBe(0);
    expect(await failureOf(`${group.url}/99`)).toMatch(/no database of the number at the end/);
  });

  it('A33 with wrong passwords: of Redis, and of the Sentinels', async () => {
    const password = 'right/hush';
    const args = ['--requirepass', password, '--masterauth', password];
    await using group = await SentinelGroup.start({ args, password, sentinelPassword: 'hush2' });
    const url = (user: string, query: string) => group.url.replace('//', `//${user}`) + query;
    const query = '?sentinelPassword=hush2';
    const right = `:${encodeURIComponent(password)}@`;
    expect(await failureOf(url(right, ''))).toMatch(
      /no Sentinel can be asked, .* asks for a password: add \?sentinelPassword=/,
    );
    expect(await failureOf(url(right, '?sentinelPassword=hush3'))).toMatch(
      /refuses sentinelUser or sentinelPassword of REDIS_URL/,
    );
    expect(await failureOf(url('', query))).toMatch(
      /the primary 127\.0\.0\.1:\d+ asks for a password: set/,
    );
    expect(await failureOf(url(':hush3@', query))).toMatch(
      /the primary .* refuses the user or pass/,
    );
    await using engine = await start(url(right, query));
    await expect(engine.ready()).resolves.toBeUndefined();
  });
});

describe('REDIS_URL of a cluster', () => {
  it('A33 that names nobody, or somebody else', async () => {
    expect(await failureOf(`redis+cluster://:hush@${await nobody()}`)).toMatch(
      /^RedisStartError: Redis Cluster at redis\+cluster:.*: 127\.0\.0\.1:\d+ does not answer: start Redis/,
    );
    await using server = await RedisServer.start();
    expect(await failureOf(`redis+cluster://127.0.0.1:${server.port}`)).toMatch(
      /127\.0\.0\.1:\d+ is in no cluster: set REDIS_URL=redis:/,
    );
    await using single = await RedisServer.start(['--cluster-enabled', 'yes']);
    expect(await failureOf(`redis+cluster://127.0.0.1:${single.port}`)).toMatch(
      /has no slots: see redis-cli --cluster check, and --cluster fix/,
    );
    await single.command(['CLUSTER', 'ADDSLOTSRANGE', 0, 16_000]);
    expect(await failureOf(`redis+cluster://127.0.0.1:${single.port}`)).toMatch(
      /does not work, 16001 of 16384 slots are served: see redis-cli --cluster check 127/,
    );
  });

  it('A33 with one node that answers, a wrong password, or as if it were one server', async () => {
    const password = 'right/hush';
    const args = ['--requirepass', password, '--masterauth', password];
    args.push('--maxmemory-policy', 'allkeys-lru');
    await using cluster = await RedisCluster.start({ primaries: 2, args, password });
    expect(await failureOf(cluster.url)).toMatch(/asks for a password: set REDIS_URL=redis/);
    expect(await failureOf(cluster.url.replace('//', '//:hush3@'))).toMatch(/refuses the user or/);
    const [first] = cluster.primaries;
    const one = `:${encodeURIComponent(password)}@127.0.0.1:${first?.port}`;
    expect(await failureOf(`redis://${one}`)).toMatch(
      /is a node of a cluster: set REDIS_URL=redis\+cluster:\/\/127\.0\.0\.1:\d+/,
    );
    const warn = vi.fn();
    const url = `redis+cluster://${one},${await nobody()}`;
    await using engine = await start(url, { ...silent, warn });
    await expect(engine.ready()).resolves.toBeUndefined();
    // Once, not for every node.
    const policies = warn.mock.calls.filter(([message]) => /DROP SESSIONS/.test(String(message)));
    expect(policies).toHaveLength(1);
  });

  it('A33 of which a primary is lost: names the node', async () => {
    await using cluster = await RedisCluster.start({ primaries: 2 });
    const [, second] = cluster.primaries;
    await second?.stop();
    expect(await failureOf(cluster.url)).toMatch(
      new RegExp(`Redis Cluster at .*: 127\\.0\\.0\\.1:${second?.port} does not answer`),
    );
  });
});
