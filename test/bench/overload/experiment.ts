import type { Arrival, Span } from './load/arrivals.ts';
import { Ledger } from './load/ledger.ts';
import { ModelClock } from './load/model-clock.ts';
import { play } from './load/play.ts';
import type { Settings } from './settings.ts';
import { scaledStub } from './settings.ts';
import type { StubOptions, StubStatistics } from './stub/options.ts';
import { StubProcess } from './stub/process.ts';
import type { StartSystem } from './systems/system.ts';

/** A system, and the load that it gets. */
export interface Arm {
  readonly name: string;
  readonly start: StartSystem;
  readonly arrivals: readonly Arrival[];
  readonly sessions: number;
  readonly objectsEach: number;
  readonly stub: StubOptions;
  /** Settings of its gateways that the case needs; durations in model milliseconds. */
  readonly env?: Readonly<Record<string, number>>;
}

export interface Plan {
  /** What is measured; before it the load has its effect, after it everything may end. */
  readonly window: Span;
  /** When everything is over at the latest. */
  readonly endMs: number;
  /** Changes of the feature server. */
  readonly changes?: readonly { readonly atMs: number; readonly change: Partial<StubOptions> }[];
  /** Between two looks at the feature server; none when absent. */
  readonly sampleMs?: number;
}

/** A look at the feature server: the most calls that were open since the look before. */
export interface Sample {
  readonly atMs: number;
  readonly mostOpen: number;
}

export interface Outcome {
  readonly name: string;
  readonly ledger: Ledger;
  /** The feature server's counts at the two ends of the window, and when everything was over. */
  readonly before: StubStatistics;
  readonly after: StubStatistics;
  readonly final: StubStatistics;
  readonly samples: readonly Sample[];
  /** How late each click was made, in the machine's milliseconds. */
  readonly lateness: readonly number[];
}

/** Runs all arms at the same time, each with a feature server of its own. */
export async function runArms(
  arms: readonly Arm[],
  plan: Plan,
  settings: Settings,
): Promise<readonly Outcome[]> {
  await using opened = new AsyncDisposableStack();
  const clock = new ModelClock(settings.speed);
  const ready: (() => Promise<Outcome>)[] = [];
  for (const arm of arms) ready.push(await prepare(arm, plan, settings, clock, opened));
  clock.start();
  return await Promise.all(ready.map((run) => run()));
}

async function prepare(
  arm: Arm,
  plan: Plan,
  settings: Settings,
  clock: ModelClock,
  opened: AsyncDisposableStack,
): Promise<() => Promise<Outcome>> {
  const { name, arrivals, sessions, objectsEach } = arm;
  const ledger = new Ledger();
  const stub = opened.use(await StubProcess.start(scaledStub(arm.stub, settings.speed)));
  const { capacity } = arm.stub;
  const env = settings.gatewayEnv(arm.env ?? {});
  const setting = { stub, ledger, clock, capacity, sessions, objectsEach, env };
  const system = opened.use(await arm.start(setting));
  return async () => {
    const playing = play(arrivals, clock, ledger, (click) => system.click(click));
    const changing = applyChanges(plan, clock, stub);
    const sampling = sample(plan, clock, stub);
    await clock.until(plan.window.fromMs);
    const before = await stub.statistics();
    await clock.until(plan.window.untilMs);
    const after = await stub.statistics();
    const lateness = await playing;
    await Promise.all([changing, sampling]);
    while (ledger.pending > 0 && clock.now() < plan.endMs) await clock.until(clock.now() + 100);
    const final = await stub.statistics();
    return { name, ledger, before, after, final, lateness, samples: await sampling };
  };
}

async function applyChanges(plan: Plan, clock: ModelClock, stub: StubProcess): Promise<void> {
  for (const { atMs, change } of plan.changes ?? []) {
    await clock.until(atMs);
    await stub.set(change);
  }
}

async function sample(plan: Plan, clock: ModelClock, stub: StubProcess): Promise<Sample[]> {
  const samples: Sample[] = [];
  const { sampleMs, window } = plan;
  if (sampleMs === undefined) return samples;
  for (let atMs = sampleMs; atMs <= window.untilMs; atMs += sampleMs) {
    await clock.until(atMs);
    samples.push({ atMs, mostOpen: (await stub.statistics()).mostOpenSince });
  }
  return samples;
}
