/**
 * A primary that is lost, killed or cut off from its replica and from the Sentinels together with the
 * gateways: what was acknowledged meanwhile is looked for when it is back.
 */
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import { within } from '../../contract/support.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { UNLIMITED } from '../../support/unlimited.ts';
import { pause } from '../pause.ts';
import { ServerProcess } from '../processes.ts';
import type { Fleet } from '../reader.ts';
import { StubProcess } from '../stub-process.ts';
import type { Attempt } from './clicker.ts';
import { Clicker } from './clicker.ts';
import { DividedRedis } from './divided-redis.ts';

const CLI = fileURLToPath(new URL('../../../dist/app/cli.js', import.meta.url));
const GATEWAYS = 2;
const STUB = { concurrency: 4, serviceMs: 60, faultRate: 0 } as const;
const SETTLE_MS = 60_000;
const LOOK_MS = 100;

/** What is compared. */
export const LEVELS = {
  memory: { durability: 'memory', args: [] },
  'memory, min-replicas 1, lag 2': {
    durability: 'memory',
    args: ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'],
  },
  replicated: { durability: 'replicated', args: [] },
} as const;
export type Level = keyof typeof LEVELS;

/** What becomes of the primary, and how that ends. */
const LOSSES = {
  cut: { begin: (redis: DividedRedis) => redis.cut(), end: (redis: DividedRedis) => redis.heal() },
  kill: {
    begin: (redis: DividedRedis) => redis.kill(),
    end: (redis: DividedRedis) => redis.revive(),
  },
} as const;
export type Loss = keyof typeof LOSSES;

export interface LostPrimaryOptions {
  readonly level: Level;
  readonly loss: Loss;
  readonly seed: number;
  readonly sessions: number;
  /** Clicks a second, of all sessions together. */
  readonly rate: number;
  /** Before the loss, and of the loss; which ends no sooner than the failover. */
  readonly calmMs: number;
  readonly lostMs: number;
  readonly downAfterMs: number;
  readonly log: (line: string) => void;
}

export interface LostPrimaryReport {
  readonly level: Level;
  /** As long as the primary was lost. */
  readonly lostMs: number;
  readonly before: Phase;
  readonly during: Phase;
  readonly after: Phase;
  readonly lost: number;
  /** From the first acknowledged click that was lost to the last. */
  readonly lossWindowMs: number;
  /** From its return until every session had a click acknowledged that was kept. */
  readonly recoveryMs: number;
}

/** Attempts by when they were answered. */
export interface Phase {
  readonly acknowledged: number;
  readonly refused: number;
  /** 50 and 99 of a hundred took no longer, in ms. */
  readonly acknowledgedIn: readonly [number, number];
  readonly refusedIn: readonly [number, number];
}

export async function runLostPrimary(options: LostPrimaryOptions): Promise<LostPrimaryReport> {
  const { level, loss, log, calmMs, lostMs, downAfterMs } = options;
  await using redis = await DividedRedis.start({ downAfterMs, args: LEVELS[level].args });
  await using gateways = await startGateways(redis, options);
  const clickers = await openClickers(gateways.fleet, options);
  const stop = new AbortController();
  const never = new AbortController().signal;
  const runs = Promise.all(clickers.map((clicker) => clicker.run(stop.signal)));
  try {
    log(`${level}: clicks`);
    await pause(calmMs, never);
    const lostAt = performance.now();
    await LOSSES[loss].begin(redis);
    log(`${level}: the primary is lost (${loss})`);
    await Promise.all([pause(lostMs, never), redis.failedOver()]);
    await LOSSES[loss].end(redis);
    const backAt = performance.now();
    log(`${level}: it is back`);
    await redis.rejoined();
    const rejoinedAt = performance.now();
    log(`${level}: the old primary follows the new one`);
    await within('clicks in every session', acknowledgedAfter(clickers, rejoinedAt), SETTLE_MS);
    stop.abort();
    await within('the clickers to end', runs, SETTLE_MS);
    return await reportOf(options, clickers, { lostAt, backAt });
  } finally {
    stop.abort();
  }
}

async function acknowledgedAfter(clickers: readonly Clicker[], at: number): Promise<void> {
  const isBehind = (clicker: Clicker) => {
    const last = clicker.acknowledged.at(-1);
    return last === undefined || last.sentAt < at;
  };
  while (clickers.some(isBehind)) await pause(LOOK_MS, new AbortController().signal);
}

async function reportOf(
  { level }: LostPrimaryOptions,
  clickers: readonly Clicker[],
  { lostAt, backAt }: { readonly lostAt: number; readonly backAt: number },
): Promise<LostPrimaryReport> {
  const attempts = clickers.flatMap((clicker) => clicker.attempts);
  const losses = await Promise.all(clickers.map((clicker) => clicker.lost()));
  const lost = losses.flat();
  const times = lost.map(({ answeredAt }) => answeredAt);
  const kept = clickers.map(({ acknowledged }, n) =>
    acknowledged.find((click) => click.answeredAt > backAt && !losses[n]?.includes(click)),
  );
  const between = (from: number, to: number) =>
    phase(attempts.filter(({ answeredAt: at }) => at >= from && at < to));
  return {
    level,
    lostMs: backAt - lostAt,
    before: between(0, lostAt),
    during: between(lostAt, backAt),
    after: between(backAt, Number.POSITIVE_INFINITY),
    lost: lost.length,
    lossWindowMs: lost.length === 0 ? 0 : Math.max(...times) - Math.min(...times),
    recoveryMs: Math.max(...kept.map((click) => (click?.answeredAt ?? 0) - backAt)),
  };
}

function phase(attempts: readonly Attempt[]): Phase {
  const taken = attempts.filter(({ clickId }) => clickId !== undefined);
  const refused = attempts.filter(({ clickId }) => clickId === undefined);
  return {
    acknowledged: taken.length,
    refused: refused.length,
    acknowledgedIn: quantiles(taken),
    refusedIn: quantiles(refused),
  };
}

function quantiles(attempts: readonly Attempt[]): [number, number] {
  const times = attempts
    .map(({ sentAt, answeredAt }) => answeredAt - sentAt)
    .toSorted((a, b) => a - b);
  const at = (share: number) => times[Math.ceil(share * times.length) - 1] ?? 0;
  return [at(0.5), at(0.99)];
}

async function startGateways(redis: DividedRedis, { level, seed }: LostPrimaryOptions) {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'maskwire-lost-primary-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const stub = opened.use(await StubProcess.start({ seed, ...STUB }));
  const env = {
    ...UNLIMITED,
    PORT: '0',
    REDIS_URL: redis.url,
    FEATURE_SERVER_URL: stub.url,
    MASKWIRE_DURABILITY: LEVELS[level].durability,
    // What is measured is the storage, not the queue.
    MASKWIRE_MAX_WAIT_MS: '600000',
  };
  const urls: string[] = [];
  for (let index = 0; index < GATEWAYS; index += 1) {
    const errors = openSync(join(folder, `gateway-${index}.log`), 'a');
    urls.push(opened.use(await ServerProcess.start([CLI, 'serve'], env, errors)).url);
  }
  const dispatcher = new Agent({ connect: { timeout: 2_000 }, pipelining: 1 });
  opened.defer(() => dispatcher.destroy());
  const all = opened.move();
  const fleet: Fleet = { dispatcher, pick: (random) => random.pick(urls) };
  return { fleet, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function openClickers(fleet: Fleet, { sessions, rate, seed }: LostPrimaryOptions) {
  const paceMs = Math.round((sessions * 1_000) / rate);
  const opening = Array.from({ length: sessions }, (_, index) =>
    Clicker.open({ fleet, paceMs, random: new SeededRandom(seed * 1_000 + index) }),
  );
  return within('the sessions', Promise.all(opening), SETTLE_MS);
}
