/** Every contract, on a primary that Sentinels name. */
import { afterAll, beforeAll } from 'vitest';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import { CONTRACT_SETTINGS } from '../contract/support.ts';
import { engineContracts, freshPrefix } from './engine-contracts.ts';
import { SentinelGroup } from './sentinel-group.ts';
import { silent } from './support.ts';

let group: SentinelGroup;
beforeAll(async () => {
  group = await SentinelGroup.start();
});
afterAll(() => group[Symbol.asyncDispose]());

engineContracts('redis engine with Sentinels', (settings = CONTRACT_SETTINGS) =>
  openRedisEngine({
    ...{ settings, log: silent, time: 'caller' },
    ...{ url: group.url, prefix: freshPrefix() },
  }),
);
