import { afterAll, beforeAll } from 'vitest';
import { sessionModelContract } from '../contract/session-model.contract.ts';
import { sessionStoreContract } from '../contract/session-store.contract.ts';
import { RedisServer } from './redis-server.ts';
import { openSessionEngine } from './session-engine.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = () => openSessionEngine(server);

sessionStoreContract('redis', open);
sessionModelContract('redis', open, 60);
