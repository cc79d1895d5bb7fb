import type { Arm, SystemName } from './arm.ts';
import type { Span } from './load/arrivals.ts';
import { Ledger } from './load/ledger.ts';
import { play } from './load/play.ts';
import type { Settings } from './settings.ts';
import { RealStage } from './stages/real-stage.ts';
import type { Stage } from './stages/stage.ts';
import { VirtualStage } from './stages/virtual-stage.ts';
import type { StubControl, StubOptions, StubStatistics } from './stub/options.ts';

export interface Plan {
  /** What is measured; before it the load has its effect, after it everything may end. */
  readonly window: Span;
  /** When everything is over at the latest. */
  readonly endMs: number;
  /** Changes of the feature server. */
  readonly changes?: readonly { readonly atMs: number; readonly change: Partial<StubOptions> }[];
  /** Between two looks at the feature server; none when absent. */
  readonly sampleMs?: number;
  /** The load, and the window with it, ends early when the feature server had so many calls. */
  readonly calls?: number;
}

/** A look at the feature server: the most calls that were open since the look before. */
interface Sample {
  readonly atMs: number;
  readonly mostOpen: number;
}

export interface Outcome {
  readonly system: SystemName;
  /** When the window really ended. */
  readonly untilMs: number;
  readonly ledger: Ledger;
  /** The feature server's counts at the two ends of the window, and when everything was over. */
  readonly before: StubStatistics;
  readonly after: StubStatistics;
  readonly final: StubStatistics;
  readonly samples: readonly Sample[];
  /** How late each click was made. */
  readonly lateness: readonly number[];
}

/** Between two looks whether everything has ended. */
const LOOK_MS = 100;
/** Between two looks at the number of calls. */
const COUNT_MS = 500;

/** Runs all arms at the same time, each with a feature server of its own. */
export async function runArms(
  arms: readonly Arm[],
  plan: Plan,
  settings: Settings,
): Promise<readonly Outcome[]> {
  await using stage = settings.virtual ? new VirtualStage(settings) : new RealStage(settings);
  const ready: (() => Promise<Outcome>)[] = [];
  for (const arm of arms) ready.push(await stage.drive(prepare(arm, plan, stage)));
  stage.clock.start();
  return await stage.drive(Promise.all(ready.map((run) => run())));
}

async function prepare(arm: Arm, plan: Plan, stage: Stage): Promise<() => Promise<Outcome>> {
  const { clock } = stage;
  const ledger = new Ledger();
  const { system, stub } = await stage.open(arm, ledger);
  return async () => {
    const stop = new AbortController();
    const click = system.click.bind(system);
    const playing = play(arm.arrivals, clock, ledger, click, stop.signal);
    const changing = applyChanges(plan, stage, stub);
    const sampling = sample(plan, stage, stub);
    await clock.until(plan.window.fromMs);
    const before = await stub.statistics();
    const untilMs = await windowEnd(plan, stage, stub);
    if (plan.calls !== undefined) stop.abort();
    const after = await stub.statistics();
    const lateness = await playing;
    await changing;
    const samples = await sampling;
    while (ledger.pending > 0 && clock.now() < plan.endMs) await clock.until(clock.now() + LOOK_MS);
    const final = await stub.statistics();
    return { system: arm.system, untilMs, ledger, before, after, final, samples, lateness };
  };
}

async function windowEnd({ window, calls }: Plan, { clock }: Stage, stub: StubControl) {
  if (calls === undefined) await clock.until(window.untilMs);
  else {
    while (clock.now() < window.untilMs && (await stub.statistics()).calls < calls) {
      await clock.until(Math.min(window.untilMs, clock.now() + COUNT_MS));
    }
  }
  return clock.now();
}

async function applyChanges(plan: Plan, { clock }: Stage, stub: StubControl): Promise<void> {
  for (const { atMs, change } of plan.changes ?? []) {
    await clock.until(atMs);
    await stub.set(change);
  }
}

async function sample(plan: Plan, { clock }: Stage, stub: StubControl): Promise<Sample[]> {
  const samples: Sample[] = [];
  const { sampleMs, window } = plan;
  if (sampleMs === undefined) return samples;
  for (let atMs = sampleMs; atMs <= window.untilMs; atMs += sampleMs) {
    await clock.until(atMs);
    samples.push({ atMs, mostOpen: (await stub.statistics()).mostOpenSince });
  }
  return samples;
}
