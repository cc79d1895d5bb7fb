import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as passed } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { paths } from '../../src/protocol/routes.ts';
import { RedisServer } from '../redis/redis-server.ts';
import type { Return, ReturnReport } from './load/returning-readers.ts';
import type { Bench, Figure } from './support/figures.ts';
import { median, quantile } from './support/figures.ts';
import type { GatewayProcess } from './support/gateway-process.ts';
import { cpuMs, settledBytes, startGateway } from './support/gateway-process.ts';
import { addImage, call, openSession } from './support/session.ts';
import { startStub } from './support/stub-feature-server.ts';

const PROGRAM = fileURLToPath(new URL('./load/returning-readers.ts', import.meta.url));
const READERS_PER_SESSION = 10;
/** What each session's readers have missed: two events a click. */
const CLICKS = 3;
const AT_ONCE = 16;
const GATEWAYS = 3;
const ATTEMPTS = 10;

interface Session {
  readonly id: string;
  readonly imageId: string;
  clicks: number;
}

interface Body {
  readonly cursor: string;
}

interface Scene {
  readonly gateways: readonly GatewayProcess[];
  readonly redisPid: number;
  readonly give: (readers: readonly Return[]) => Promise<ReturnReport>;
}

async function inBatches<Item>(items: readonly Item[], one: (item: Item) => Promise<void>) {
  for (let first = 0; first < items.length; first += AT_ONCE) {
    await Promise.all(items.slice(first, first + AT_ONCE).map(one));
  }
}

async function makeSessions(url: string, count: number): Promise<readonly Session[]> {
  const size = { width: 640, height: 480 };
  const image = sharp({ create: { ...size, channels: 3, background: '#777' } }).jpeg();
  const bytes = new Uint8Array(await image.toBuffer());
  const made: Session[] = [];
  await inBatches(Array.from({ length: count }), async () => {
    const id = await openSession(url);
    made.push({ id, imageId: await addImage(url, id, bytes), clicks: 0 });
  });
  return made;
}

/** On a busy machine the storage may be out of reach for a moment, which is not what is measured. */
async function insist<Answer>(url: string, init?: Parameters<typeof call>[1]): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call<Answer>(url, init);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await passed(1_000);
    }
  }
}

/** Clicks that end one after the other, so that each has an event of its own. */
async function happen(url: string, sessions: readonly Session[]): Promise<void> {
  await inBatches(sessions, async (session) => {
    for (let index = 0; index < CLICKS; index += 1) {
      session.clicks += 1;
      const box = { x: session.clicks, y: 1, width: 50, height: 50 };
      const accepted = await insist<{ clickId: string }>(`${url}${paths.clicks(session.id)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ imageId: session.imageId, objectId: 'o', box }),
      });
      await insist(`${url}${paths.click(session.id, accepted.clickId)}?wait=20`);
    }
  });
}

async function cursors(url: string, sessions: readonly Session[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await inBatches(sessions, async ({ id }) => {
    found.set(id, (await insist<Body>(`${url}${paths.session(id)}`)).cursor);
  });
  return found;
}

/** Readers are there, are cut off, miss something and return at once, over so many gateways. */
async function comeBack(
  scene: Scene,
  sessions: readonly Session[],
  gateways: readonly GatewayProcess[],
): Promise<Figure[]> {
  const { url } = gateways[0] ?? { url: '' };
  // One of each session after the other: neighbours have nothing in common.
  const readers = Array.from({ length: READERS_PER_SESSION }, (_, index) => {
    const at = gateways[index % gateways.length]?.url ?? '';
    return sessions.map(({ id }) => ({ session: id, url: at }));
  }).flat();
  await scene.give(readers);
  await scene.give([]);
  const before = await cursors(url, sessions);
  await happen(url, sessions);
  const after = await cursors(url, sessions);
  const memory = async () => {
    const bytes = await Promise.all(gateways.map(({ pid }) => settledBytes(pid)));
    return bytes.reduce((sum, one) => sum + one, 0) / 2 ** 20;
  };
  const memoryBefore = await memory();
  const cpu = () => gateways.reduce((sum, gateway) => sum + gateway.cpuMs(), 0);
  const [cpuBefore, redisBefore] = [cpu(), cpuMs(scene.redisPid)];
  const { times, again } = await scene.give(
    readers.map((reader) => {
      const { session } = reader;
      return { ...reader, from: before.get(session), until: after.get(session) };
    }),
  );
  const [cpuUsed, redisUsed] = [cpu() - cpuBefore, cpuMs(scene.redisPid) - redisBefore];
  const memoryAfter = await memory();
  await scene.give([]);
  const count = readers.length;
  const over = gateways.length === 1 ? 'one gateway' : `${gateways.length} gateways`;
  const of = (what: string) => `${count} readers, ${over}: ${what}`;
  const held = { target: { most: 3_000 } };
  return [
    { name: of('caught up, p50'), value: median(times), unit: 'ms' },
    { name: of('p99'), value: quantile(times, 0.99), unit: 'ms', ...held },
    { name: of('streams ended before that'), value: again, unit: '' },
    { name: of('gateways a reader'), value: cpuUsed / count, unit: 'ms' },
    { name: of('Redis a reader'), value: redisUsed / count, unit: 'ms' },
    { name: of('memory before'), value: memoryBefore, unit: 'MiB' },
    { name: of('memory after'), value: memoryAfter, unit: 'MiB' },
  ];
}

export const returningReaders: Bench = {
  name: 'returning readers',
  caution:
    `Ten readers a session, each with ${2 * CLICKS} missed events, connect at once with a cursor; the time is ` +
    'from the first connection to the last event of each. Their process takes the same two cores.',
  async run(): Promise<Figure[]> {
    await using stub = await startStub(64);
    await using opened = new AsyncDisposableStack();
    const server = opened.use(await RedisServer.start());
    const env = { REDIS_URL: server.url, FEATURE_SERVER_URL: stub.url };
    const gateways: GatewayProcess[] = [];
    for (let index = 0; index < GATEWAYS; index += 1) {
      gateways.push(opened.use(await startGateway(env)));
    }
    const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    opened.defer(() => child.disconnect());
    const ended = once(child, 'exit').then(() => {
      throw new Error('the readers have ended');
    });
    ended.catch(() => undefined);
    const give = async (readers: readonly Return[]) => {
      const answered = once(child, 'message');
      child.send(readers);
      const [report] = (await Promise.race([answered, ended])) as [ReturnReport];
      return report;
    };
    const scene = { gateways, redisPid: server.pid, give };
    const { url } = gateways[0] ?? { url: '' };
    const sessions = await makeSessions(url, 1_000);
    const half = sessions.slice(0, 500);
    return [
      ...(await comeBack(scene, half, gateways.slice(0, 1))),
      ...(await comeBack(scene, half, gateways)),
      ...(await comeBack(scene, sessions, gateways)),
    ];
  },
};
