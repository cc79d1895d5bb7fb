import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { ServerProcess } from '../../../chaos/processes.ts';
import { RedisServer } from '../../../redis/redis-server.ts';
import { UNLIMITED } from '../../../support/unlimited.ts';
import { untilReady } from '../../support/gateway-process.ts';
import type { StubProcess } from '../stub/process.ts';
import { IMAGE } from '../stub/prompt-name.ts';

const CLI = fileURLToPath(new URL('../../../../dist/app/cli.js', import.meta.url));

export interface GatewayOptions {
  readonly stub: StubProcess;
  readonly capacity: number;
  readonly env: Readonly<Record<string, string>>;
}

/** One gateway of the built package that keeps everything in its memory; its address. */
export async function startAlone(
  options: GatewayOptions,
  opened: AsyncDisposableStack,
): Promise<string> {
  return await start(options, {}, opened);
}

/** Gateways on one Redis of their own; their addresses. */
export async function startTogether(
  count: number,
  options: GatewayOptions,
  opened: AsyncDisposableStack,
): Promise<readonly string[]> {
  const redis = opened.use(await RedisServer.start(['--maxmemory-policy', 'noeviction']));
  const urls: string[] = [];
  while (urls.length < count) urls.push(await start(options, { REDIS_URL: redis.url }, opened));
  return urls;
}

async function start(
  { stub, capacity, env }: GatewayOptions,
  storage: Readonly<Record<string, string>>,
  opened: AsyncDisposableStack,
): Promise<string> {
  const gateway = await ServerProcess.start([CLI, 'serve'], {
    PORT: '0',
    FEATURE_SERVER_URL: stub.url,
    FEATURE_CONCURRENCY: String(capacity),
    MASKWIRE_LOG_LEVEL: 'silent',
    ...UNLIMITED,
    ...storage,
    ...env,
  });
  opened.use(gateway);
  await untilReady(gateway.url);
  return gateway.url;
}

/** What everybody clicks on. */
export async function renderImage(): Promise<Uint8Array> {
  const background = { r: 90, g: 120, b: 60 };
  return await sharp({ create: { ...IMAGE, channels: 3, background } })
    .png()
    .toBuffer();
}
