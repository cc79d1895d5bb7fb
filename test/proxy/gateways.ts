/** Gateways as built, processes of their own, that share a Redis and a feature server. */
import { fileURLToPath } from 'node:url';
import { startStub } from '../bench/support/stub-feature-server.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { Running } from './processes.ts';

const CLI = fileURLToPath(new URL('../../dist/app/cli.js', import.meta.url));

/** A name that is not loopback's, and that the gateways of {@link startPair} serve. */
export const SERVED_HOST = 'pages.example';

interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** As proxies name it: `127.0.0.1:<port>`. */
  readonly address: string;
  readonly process: Running;
}

export interface Pair extends AsyncDisposable {
  readonly first: GatewayProcess;
  readonly second: GatewayProcess;
  readonly addresses: readonly [string, string];
}

/** `maskwire serve` on a free port; resolves when it listens. */
async function startGateway(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const { PATH = '' } = process.env;
  const running = new Running(process.execPath, [CLI, 'serve', '--port', '0'], {
    env: { PATH, MASKWIRE_LOG_LEVEL: 'error', MASKWIRE_ALLOWED_HOSTS: SERVED_HOST, ...env },
  });
  const line = await running.line(/^Maskwire is listening on /);
  const url = line.slice(line.lastIndexOf(' ') + 1);
  return {
    url,
    address: new URL(url).host,
    process: running,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Two gateways on one Redis, with a feature server that answers at once unless `env` names another. */
export async function startPair(env: Readonly<Record<string, string>> = {}): Promise<Pair> {
  await using opened = new AsyncDisposableStack();
  const features = opened.use(await startStub(4));
  const redis = opened.use(await RedisServer.start());
  const all = { REDIS_URL: redis.url, FEATURE_SERVER_URL: features.url, ...env };
  const first = opened.use(await startGateway(all));
  const second = opened.use(await startGateway(all));
  const kept = opened.move();
  return {
    first,
    second,
    addresses: [first.address, second.address],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
