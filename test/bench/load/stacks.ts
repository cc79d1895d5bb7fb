/** What is compared: each stack with a redis-server of its own, so that its share can be told. */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { RedisServer } from '../../redis/redis-server.ts';
import { spawnBound } from '../../support/bound-child.ts';
import { announcedUrl, cpuMs, startGateway, stop } from '../support/gateway-process.ts';
import { addImage, openSession } from '../support/session.ts';
import type { Target } from './click-source.ts';

const SESSIONS = 32;
const OBJECTS = 4;
/** More than clicks are under way at saturation. */
const CONNECTIONS = 512;

/** Nobody is sent away at the start, when the feature server is not known yet; the peers send nobody away. */
const PATIENT = { MASKWIRE_MAX_WAIT_MS: '60000', MASKWIRE_DEADLINE_MS: '120000' } as const;

export interface Stack extends AsyncDisposable {
  readonly name: string;
  readonly target: Target;
  /** Processor time used so far. */
  serverCpuMs(): number;
  redisCpuMs(): number;
}

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

export const startMaskwire = (featureServer: string): Promise<Stack> =>
  start('Maskwire', (redis) =>
    startGateway({ ...PATIENT, REDIS_URL: redis, FEATURE_SERVER_URL: featureServer }),
  );

export const startSame = (featureServer: string): Promise<Stack> =>
  start('bare script', (redis) => startPeer('same-redis.ts', [redis, featureServer]));

export const startLeast = (featureServer: string): Promise<Stack> =>
  start('least scripts', (redis) => startPeer('least-redis.ts', [redis, featureServer]));

export const startBullmq = (featureServer: string): Promise<Stack> =>
  start('hono + BullMQ', (redis) => startPeer('bullmq-stack.ts', [redis, featureServer]));

async function start(
  name: string,
  startServer: (redisUrl: string) => Promise<Server>,
): Promise<Stack> {
  await using opened = new AsyncDisposableStack();
  const redis = opened.use(await RedisServer.start());
  const server = opened.use(await startServer(redis.url));
  const target = await prepare(server.url);
  const all = opened.move();
  return {
    name,
    target,
    serverCpuMs: () => cpuMs(server.pid),
    redisCpuMs: () => cpuMs(redis.pid),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function prepare(url: string): Promise<Target> {
  const size = { width: 640, height: 480 };
  const bytes = await sharp({ create: { ...size, channels: 3, background: '#777' } })
    .jpeg()
    .toBuffer();
  const sessions: string[] = [];
  let imageId = '';
  for (let index = 0; index < SESSIONS; index += 1) {
    const session = await openSession(url);
    imageId = await addImage(url, session, new Uint8Array(bytes));
    sessions.push(session);
  }
  return { url, sessions, imageId, objects: OBJECTS, connections: CONNECTIONS };
}

async function startPeer(file: string, args: readonly string[]): Promise<Server> {
  const program = fileURLToPath(new URL(`../peers/${file}`, import.meta.url));
  const child = spawnBound(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return {
    url: await announcedUrl(child),
    pid: child.pid ?? 0,
    [Symbol.asyncDispose]: () => stop(child),
  };
}
