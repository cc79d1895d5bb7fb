import { fileURLToPath } from 'node:url';
import { ServerProcess } from '../../../chaos/processes.ts';
import { RedisServer } from '../../../redis/redis-server.ts';
import { PlainClient } from './plain-client.ts';
import type { Setting, System } from './system.ts';

const NAIVE_PROXY = fileURLToPath(new URL('../../peers/naive-proxy.ts', import.meta.url));
const FIFO_QUEUE = fileURLToPath(new URL('../../peers/fifo-queue.ts', import.meta.url));

export async function startNaiveProxy(setting: Setting): Promise<System> {
  await using opened = new AsyncDisposableStack();
  const proxy = opened.use(await ServerProcess.start([NAIVE_PROXY, setting.stub.url]));
  return plainSystem(new PlainClient(proxy.url, setting), opened.move());
}

/** With as many workers as the feature server has places, and a Redis of its own. */
export async function startFifoQueue(setting: Setting): Promise<System> {
  await using opened = new AsyncDisposableStack();
  const redis = opened.use(await RedisServer.start(['--maxmemory-policy', 'noeviction']));
  const args = [FIFO_QUEUE, setting.stub.url, String(redis.port), String(setting.capacity)];
  const queue = opened.use(await ServerProcess.start(args));
  return plainSystem(new PlainClient(queue.url, setting), opened.move());
}

function plainSystem(client: PlainClient, opened: AsyncDisposableStack): System {
  opened.defer(() => client.close());
  return {
    click: (click) => client.click(click),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
