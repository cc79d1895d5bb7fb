/** Every contract, on a cluster of three primaries. */
import { afterAll, beforeAll } from 'vitest';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import { CONTRACT_SETTINGS } from '../contract/support.ts';
import { engineContracts, freshPrefix } from './engine-contracts.ts';
import { RedisCluster } from './redis-cluster.ts';
import { silent } from './support.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await RedisCluster.start();
});
afterAll(() => cluster[Symbol.asyncDispose]());

engineContracts('redis engine on a cluster', (settings = CONTRACT_SETTINGS) =>
  openRedisEngine({
    ...{ settings, log: silent, time: 'caller' },
    ...{ url: cluster.url, prefix: freshPrefix() },
  }),
);
