import { setTimeout as passed } from 'node:timers/promises';
import { LoadProcess } from './load/load-process.ts';
import type { Stack } from './load/stacks.ts';
import { startBare, startBullmq, startMaskwire } from './load/stacks.ts';
import type { Bench, Figure } from './support/figures.ts';
import { median, quantile } from './support/figures.ts';
import type { Stub } from './support/stub-feature-server.ts';
import { startStub } from './support/stub-feature-server.ts';

const BURST = 3;
const CONCURRENCY = 64;
const WARM_UP_MS = 4_000;
/** From the start of a load to the measurement. */
const RAMP_MS = 700;
const ROUNDS = 4;
const ROUND_MS = 4_000;
const PACED_ROUNDS = 2;
const PACED_MS = 5_000;

/** What one round showed. */
interface Round {
  readonly perSecond: number;
  readonly latencies: readonly number[];
  readonly serverMsPerClick: number;
  readonly redisMsPerClick: number;
  readonly loadMsPerClick: number;
  readonly callsPerClick: number;
  readonly stubMs: number;
}

type Load = { readonly kind: 'saturate' } | { readonly kind: 'pace'; readonly perSecond: number };

async function round(
  stack: Stack,
  load: LoadProcess,
  stub: Stub,
  how: Load,
  ms: number,
): Promise<Round> {
  const { name } = stack;
  await load.tell({ ...how, name, burst: BURST });
  await passed(RAMP_MS);
  const look = async () => {
    const report = await load.tell({ kind: 'report', name });
    return {
      at: performance.now(),
      report,
      server: stack.serverCpuMs(),
      redis: stack.redisCpuMs(),
      calls: stub.calls,
      stubMs: stub.tookMs,
    };
  };
  const before = await look();
  await passed(ms);
  const after = await look();
  await load.tell({ kind: 'stop', name });
  const { latencies } = after.report;
  const clicks = latencies.length;
  const calls = after.calls - before.calls;
  return {
    perSecond: (clicks * 1000) / (after.at - before.at),
    latencies,
    serverMsPerClick: (after.server - before.server) / clicks,
    redisMsPerClick: (after.redis - before.redis) / clicks,
    loadMsPerClick: (after.report.cpuMs - before.report.cpuMs) / clicks,
    callsPerClick: calls / clicks,
    stubMs: (after.stubMs - before.stubMs) / calls,
  };
}

/** Rounds of one stack after the other, in turn, so that noise of the machine meets all alike. */
async function alternate(
  stacks: readonly Stack[],
  rounds: number,
  one: (stack: Stack) => Promise<Round>,
): Promise<ReadonlyMap<Stack, readonly Round[]>> {
  const results = new Map<Stack, Round[]>(stacks.map((stack) => [stack, []]));
  for (let index = 0; index < rounds; index += 1) {
    for (const stack of stacks) results.get(stack)?.push(await one(stack));
  }
  return results;
}

const middle = (rounds: readonly Round[], read: (round: Round) => number) =>
  median(rounds.map(read));

function saturated(name: string, rounds: readonly Round[]): Figure[] {
  const of = (what: string) => `${name}: ${what}`;
  return [
    { name: of('clicks/s'), value: middle(rounds, (one) => one.perSecond), unit: '1/s' },
    {
      name: of('processor time of the server a click'),
      value: middle(rounds, (one) => one.serverMsPerClick),
      unit: 'ms',
    },
    {
      name: of('processor time of Redis a click'),
      value: middle(rounds, (one) => one.redisMsPerClick),
      unit: 'ms',
    },
    {
      name: of('processor time of the load generator a click'),
      value: middle(rounds, (one) => one.loadMsPerClick),
      unit: 'ms',
    },
    {
      name: of('calls of the feature server a click'),
      value: middle(rounds, (one) => one.callsPerClick),
      unit: '',
    },
  ];
}

function paced(name: string, rounds: readonly Round[], held: boolean): Figure[] {
  const stubMs = middle(rounds, (one) => one.stubMs);
  const added = rounds.flatMap(({ latencies }) => latencies.map((ms) => ms - stubMs));
  const target = (most: number) => (held ? { target: { most } } : {});
  const rate = middle(rounds, (one) => one.perSecond).toFixed(0);
  return [
    {
      name: `${name}: added latency at ${rate} clicks/s, p50`,
      value: median(added),
      unit: 'ms',
      ...target(2),
    },
    { name: `${name}: the same, p99`, value: quantile(added, 0.99), unit: 'ms', ...target(10) },
  ];
}

export const redis: Bench = {
  name: 'redis',
  caution:
    'One process of each stack with a Redis of its own. At saturation each of 128 objects gets ' +
    'bursts of 3 clicks at once, the next when all three are covered by a mask; every 30 clicks an object ' +
    'is removed. At half of that rate such bursts come at random (open loop), and the mean time ' +
    'inside the instant feature server is taken off. Load generator and feature server take the ' +
    'same two cores, which draws ratios of clicks/s towards 1; processor times do not suffer so.',
  async run(): Promise<Figure[]> {
    await using stub = await startStub(CONCURRENCY);
    await using maskwire = await startMaskwire(stub.url);
    await using bare = await startBare(stub.url);
    await using bullmq = await startBullmq(stub.url);
    await using load = new LoadProcess();
    const stacks = [maskwire, bare, bullmq];
    for (const { name, target } of stacks) await load.tell({ kind: 'open', name, target });
    const saturate = (ms: number) => (stack: Stack) =>
      round(stack, load, stub, { kind: 'saturate' }, ms);
    await alternate(stacks, 1, saturate(WARM_UP_MS));
    const full = await alternate(stacks, ROUNDS, saturate(ROUND_MS));
    const rate = (stack: Stack) => middle(full.get(stack) ?? [], (one) => one.perSecond);
    const cost = (stack: Stack) =>
      middle(full.get(stack) ?? [], (one) => one.serverMsPerClick + one.redisMsPerClick);
    const half = await alternate(stacks, PACED_ROUNDS, (stack) =>
      round(stack, load, stub, { kind: 'pace', perSecond: rate(stack) / 2 }, PACED_MS),
    );
    return [
      ...stacks.flatMap((stack) => saturated(stack.name, full.get(stack) ?? [])),
      {
        name: 'clicks/s, ratio to the bare script',
        value: rate(maskwire) / rate(bare),
        unit: 'x',
        target: { least: 0.66 },
      },
      {
        name: 'clicks/s, ratio to hono + BullMQ',
        value: rate(maskwire) / rate(bullmq),
        unit: 'x',
        target: { least: 2 },
      },
      {
        name: 'processor time of server and Redis, of the bare script',
        value: cost(bare) / cost(maskwire),
        unit: 'x',
      },
      {
        name: 'processor time of server and Redis, of hono + BullMQ',
        value: cost(bullmq) / cost(maskwire),
        unit: 'x',
      },
      ...stacks.flatMap((stack) => paced(stack.name, half.get(stack) ?? [], stack === maskwire)),
    ];
  },
};
