import { afterAll, beforeAll } from 'vitest';
import { sessionModelContract } from '../contract/session-model.contract.ts';
import { sessionStoreContract } from '../contract/session-store.contract.ts';
import type { OpenEngine } from '../contract/support.ts';
import { RedisServer } from './redis-server.ts';
import { openTwoGateways } from './session-engine.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open: OpenEngine = (settings) => openTwoGateways(server, settings);

sessionStoreContract('redis, two gateways in turn:', open);
sessionModelContract('redis, two gateways in turn:', open, 60);
