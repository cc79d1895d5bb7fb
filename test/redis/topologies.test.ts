/** The servers that other tests stand on do what those expect of them. */
import { expect, it } from 'vitest';
import { RedisCluster } from './redis-cluster.ts';
import { SentinelGroup } from './sentinel-group.ts';

const CONTENT = ['SET', 'key', 'value'];

it('a cluster shares its keys out, and moves them', async () => {
  await using cluster = await RedisCluster.start();
  const owner = await cluster.ownerOf('key');
  await owner.command(CONTENT);
  const others = cluster.primaries.filter((server) => server !== owner);
  for (const other of others) await expect(other.command(CONTENT)).rejects.toThrow(/^MOVED/);
  const [next] = others;
  if (next === undefined) throw new Error('there is one primary only');
  await cluster.moveSlot('key', next);
  expect(await next.command(['GET', 'key'])).toBe('value');
  await expect(owner.command(CONTENT)).rejects.toThrow(/^MOVED/);
});

it('a replica takes the place of a primary that is killed', async () => {
  await using cluster = await RedisCluster.start({ replicasEach: 1 });
  const owner = await cluster.ownerOf('key');
  await owner.stop();
  const alive = cluster.servers.filter((server) => server !== owner);
  const [witness] = alive;
  await expect
    .poll(() => cluster.ownerOf('key', witness), { timeout: 20_000 })
    .toSatisfy((server) => cluster.replicas.includes(server));
});

it('Sentinels put the replica in the place of a primary that is killed', async () => {
  await using group = await SentinelGroup.start();
  const [primary, replica] = group.servers;
  expect(await group.primary()).toBe(primary);
  await primary.command(CONTENT);
  await primary.stop();
  expect(await group.changedFrom(primary)).toBe(replica);
});
