import { setTimeout as passed } from 'node:timers/promises';
import { LoadProcess } from './load/load-process.ts';
import type { Stack } from './load/stacks.ts';
import { startBullmq, startLeast, startMaskwire, startSame } from './load/stacks.ts';
import type { Bench, Figure } from './support/figures.ts';
import { median, quantile } from './support/figures.ts';
import type { Stub } from './support/stub-feature-server.ts';
import { startStub } from './support/stub-feature-server.ts';

/** Clicks on one object at the same moment, which merge; and clicks of which each is a call. */
const BURST = 3;
const SINGLE = 1;
const CONCURRENCY = 64;
/** Until V8 has compiled what is used: the more code, the longer, and a server runs for weeks. */
const WARM_UP_MS = 14_000;
/** From the start of a load to the measurement. */
const RAMP_MS = 400;
/** Short, and many: what else the machine does for some seconds meets all stacks then. */
const ROUND_MS = 1_500;
const BURST_ROUNDS = 7;
const SINGLE_ROUNDS = 4;
const PACED_ROUNDS = 4;

/** What one round showed; processor times in milliseconds a click. */
interface Round {
  readonly perSecond: number;
  readonly latencies: readonly number[];
  readonly server: number;
  readonly redis: number;
  readonly generator: number;
  readonly callsPerClick: number;
  readonly stubMs: number;
}

type Load = { readonly burst: number } & (
  | { readonly kind: 'saturate' }
  | { readonly kind: 'pace'; readonly perSecond: number }
);

/** Everything that a round is made with. */
interface Setting {
  readonly stacks: readonly Stack[];
  readonly generator: LoadProcess;
  readonly stub: Stub;
}

async function round(setting: Setting, stack: Stack, load: Load, ms: number): Promise<Round> {
  const { generator, stub } = setting;
  const { name } = stack;
  await generator.tell({ ...load, name });
  await passed(RAMP_MS);
  const look = async () => {
    const report = await generator.tell({ kind: 'report', name });
    const [server, redis] = [stack.serverCpuMs(), stack.redisCpuMs()];
    const { calls, tookMs } = stub;
    return { at: performance.now(), report, server, redis, calls, tookMs };
  };
  const before = await look();
  await passed(ms);
  const after = await look();
  await generator.tell({ kind: 'stop', name });
  const { latencies, cpuMs } = after.report;
  const clicks = latencies.length;
  const calls = after.calls - before.calls;
  return {
    perSecond: (clicks * 1000) / (after.at - before.at),
    latencies,
    server: (after.server - before.server) / clicks,
    redis: (after.redis - before.redis) / clicks,
    generator: (cpuMs - before.report.cpuMs) / clicks,
    callsPerClick: calls / clicks,
    stubMs: (after.tookMs - before.tookMs) / calls,
  };
}

type Results = ReadonlyMap<Stack, readonly Round[]>;

/** Rounds of one stack after the other, in turn, so that noise of the machine meets all alike. */
async function alternate(
  setting: Setting,
  rounds: number,
  load: (stack: Stack) => Load,
  ms = ROUND_MS,
): Promise<Results> {
  const results = new Map<Stack, Round[]>(setting.stacks.map((stack) => [stack, []]));
  for (let index = 0; index < rounds; index += 1) {
    for (const stack of setting.stacks) {
      results.get(stack)?.push(await round(setting, stack, load(stack), ms));
    }
  }
  return results;
}

const middle = (results: Results, stack: Stack, read: (round: Round) => number) =>
  median((results.get(stack) ?? []).map(read));

const rate = (results: Results, stack: Stack) => middle(results, stack, (one) => one.perSecond);

function saturated(results: Results, stack: Stack, what: string): Figure[] {
  const of = (text: string) => `${stack.name}, ${what}: ${text}`;
  const read = (text: string, unit: string, of1: (one: Round) => number): Figure => ({
    name: of(text),
    value: middle(results, stack, of1),
    unit,
  });
  return [
    read('clicks/s', '1/s', (one) => one.perSecond),
    read('server a click', 'ms', (one) => one.server),
    read('Redis a click', 'ms', (one) => one.redis),
    read('load generator a click', 'ms', (one) => one.generator),
    read('feature server calls a click', '', (one) => one.callsPerClick),
  ];
}

/**
 * What the first stack reaches of another one: clicks/s, and clicks for each processor second. The middle
 * of the ratios of rounds side by side: a machine that slows down for minutes takes both along.
 */
function ratios(results: Results, [first, peer]: readonly [Stack, Stack], what: string): Figure[] {
  const others = results.get(peer) ?? [];
  const ratio = (read: (round: Round) => number) =>
    median(
      (results.get(first) ?? []).flatMap((one, at) => {
        const other = others[at];
        return other === undefined ? [] : [read(one) / read(other)];
      }),
    );
  const of = (text: string) => `${what}: ${text}, ratio of ${first.name} to ${peer.name}`;
  return [
    { name: of('clicks/s'), value: ratio(({ perSecond }) => perSecond), unit: 'x' },
    {
      name: of('clicks/processor time'),
      value: ratio(({ server, redis }) => 1 / (server + redis)),
      unit: 'x',
    },
  ];
}

function paced(results: Results, stack: Stack, held: boolean): Figure[] {
  const stubMs = middle(results, stack, (one) => one.stubMs);
  const added = (results.get(stack) ?? []).flatMap(({ latencies }) =>
    latencies.map((ms) => ms - stubMs),
  );
  const target = (most: number) => (held ? { target: { most } } : {});
  const of = (text: string) => `${stack.name}, half of that: ${text}`;
  return [
    { name: of('clicks/s'), value: rate(results, stack), unit: '1/s' },
    { name: of('added latency p50'), value: median(added), unit: 'ms', ...target(2) },
    { name: of('added latency p99'), value: quantile(added, 0.99), unit: 'ms', ...target(10) },
  ];
}

export const redis: Bench = {
  name: 'redis',
  caution:
    'One process of each stack with a Redis of its own, 128 objects in 32 sessions. "Bare script": the same ' +
    'Redis commands as Maskwire behind node:http, nothing else; "least scripts": the fewest and smallest ' +
    'that can work, without limits, undo, snapshots, fairness or life times. "Bursts": each object ' +
    'gets 3 clicks at once, the next 3 when all are covered by a mask; "single": one at a time, which ' +
    'never merges. Every 30 clicks an object is removed. At half of the rate of bursts they come at random ' +
    '(open loop), and the mean time inside the instant feature server is taken off. Load generator and ' +
    'feature server take the same two cores, which draws ratios of clicks/s towards 1; processor times ' +
    '(server and Redis) do not suffer so.',
  async run(): Promise<Figure[]> {
    await using stub = await startStub(CONCURRENCY);
    await using maskwire = await startMaskwire(stub.url);
    await using bare = await startSame(stub.url);
    await using least = await startLeast(stub.url);
    await using bullmq = await startBullmq(stub.url);
    await using generator = new LoadProcess();
    const stacks = [maskwire, bare, least, bullmq];
    const setting = { stacks, generator, stub };
    for (const { name, target } of stacks) await generator.tell({ kind: 'open', name, target });
    const saturate = (burst: number) => (): Load => ({ kind: 'saturate', burst });
    await alternate(setting, 1, saturate(BURST), WARM_UP_MS);
    const bursts = await alternate(setting, BURST_ROUNDS, saturate(BURST));
    const singles = await alternate(setting, SINGLE_ROUNDS, saturate(SINGLE));
    const half = await alternate(setting, PACED_ROUNDS, (stack) => {
      return { kind: 'pace', perSecond: rate(bursts, stack) / 2, burst: BURST };
    });
    return [
      ...stacks.flatMap((stack) => saturated(bursts, stack, 'bursts')),
      ...stacks.flatMap((stack) => saturated(singles, stack, 'single')),
      ...held(ratios(bursts, [maskwire, bare], 'bursts'), 0.66),
      ...held(ratios(bursts, [maskwire, bullmq], 'bursts'), 2),
      ...ratios(bursts, [maskwire, least], 'bursts'),
      ...ratios(singles, [maskwire, bare], 'single'),
      ...ratios(singles, [maskwire, least], 'single'),
      ...ratios(singles, [maskwire, bullmq], 'single'),
      // What is left to win: no stack of this kind does less for a click.
      ...ratios(bursts, [least, bullmq], 'bursts'),
      ...ratios(singles, [least, bullmq], 'single'),
      ...stacks.flatMap((stack) => paced(half, stack, stack === maskwire)),
    ];
  },
};

/** The first of the ratios is what is held to something. */
function held([first, ...others]: readonly Figure[], least: number): Figure[] {
  return first === undefined ? [] : [{ ...first, target: { least } }, ...others];
}
