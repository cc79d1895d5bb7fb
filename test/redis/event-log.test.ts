import { afterAll, beforeAll } from 'vitest';
import { eventLogContract } from '../contract/event-log.contract.ts';
import { RedisServer } from './redis-server.ts';
import { openTwoGateways } from './session-engine.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

eventLogContract('redis, two gateways in turn:', () => openTwoGateways(server));
