import { fileURLToPath } from 'node:url';
import { ServerProcess } from '../../../chaos/processes.ts';
import { RedisServer } from '../../../redis/redis-server.ts';
import { PlainClient } from './plain-client.ts';
import type { StartSystem, System } from './system.ts';

const NAIVE_PROXY = fileURLToPath(new URL('../../peers/naive-proxy.ts', import.meta.url));
const FIFO_QUEUE = fileURLToPath(new URL('../../peers/fifo-queue.ts', import.meta.url));

export const startNaiveProxy: StartSystem = async (setting, opened): Promise<System> => {
  const proxy = opened.use(await ServerProcess.start([NAIVE_PROXY, setting.stub.url]));
  return opened.use(new PlainClient(proxy.url, setting));
};

/** With as many workers as the feature server has places, and a Redis of its own. */
export const startFifoQueue: StartSystem = async (setting, opened): Promise<System> => {
  const redis = opened.use(await RedisServer.start(['--maxmemory-policy', 'noeviction']));
  const args = [FIFO_QUEUE, setting.stub.url, String(redis.port), String(setting.capacity)];
  const queue = opened.use(await ServerProcess.start(args));
  return opened.use(new PlainClient(queue.url, setting));
};
