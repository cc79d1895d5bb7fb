import { SeededRandom } from '../../../sim/seeded-random.ts';
import type { Figure } from '../../support/figures.ts';
import { capacityDrawing } from '../drawings/capacity-drawing.ts';
import type { Outcome } from '../experiment.ts';
import { runArms } from '../experiment.ts';
import type { Span } from '../load/arrivals.ts';
import { poisson } from '../load/arrivals.ts';
import { DEADLINE_MS, firstGoodWindow, goodput } from '../measures.ts';
import type { Settings } from '../settings.ts';
import { stubOf } from '../settings.ts';
import type { Case, Report, Table } from './case.ts';
import { CONTENDERS, judged, placeOf } from './case.ts';
import { lateness } from './figures-of.ts';
import { objectsOf, SESSIONS, TEN_PEOPLE } from './people.ts';

const HIGH = 4;
const LOW = 1;
/** Of the high capacity: there is always more to do than can be done. */
const LOAD = 2;
/** From the capacity's return on; afterwards everything must be as before. */
const RECOVERY_MS = 20_000;
const WINDOW_MS = 5_000;

export const capacityChange: Case = {
  name: 'capacity-change',
  about:
    'The server loses three of its four places, without saying so, and gets them back; clicks at twice the full capacity throughout.',
  run: runCapacityChange,
};

/** The three times of the case. */
interface Phases {
  readonly before: Span;
  readonly low: Span;
  readonly after: Span;
}

async function runCapacityChange(settings: Settings, report: Report): Promise<void> {
  const phases = phasesOf(settings);
  const span = { fromMs: 0, untilMs: phases.after.untilMs };
  const random = new SeededRandom(settings.seed * 100 + 80);
  const perSecond = (LOAD * HIGH * 1000) / settings.stub.serviceMs;
  const arrivals = poisson(random, perSecond, span, objectsOf(SESSIONS));
  const stub = stubOf(settings, HIGH);
  const arms = CONTENDERS.map((system) => ({ ...TEN_PEOPLE, system, arrivals, stub }));
  const plan = {
    window: span,
    endMs: span.untilMs + DEADLINE_MS,
    changes: stepsOf(phases)
      .slice(1)
      .map(({ atMs, capacity }) => ({ atMs, change: { capacity } })),
    sampleMs: 1_000,
  };
  const outcomes = await runArms(arms, plan, settings);
  for (const outcome of outcomes) report.table(tableOf(outcome, phases, settings));
  const [ours, peer] = outcomes;
  const { serviceMs } = settings.stub;
  const where = placeOf(settings);
  const run = { steps: stepsOf(phases), untilMs: span.untilMs, serviceMs, where };
  if (ours !== undefined && peer !== undefined) {
    report.drawing(capacityDrawing({ ...run, ours, peer }));
  }
}

const stepsOf = ({ low, after }: Phases) => [
  { atMs: 0, capacity: HIGH },
  { atMs: low.fromMs, capacity: LOW },
  { atMs: after.fromMs, capacity: HIGH },
];

function phasesOf({ measureMs, warmUpMs }: Settings): Phases {
  const lowFrom = warmUpMs + measureMs / 2;
  const lowUntil = lowFrom + (measureMs * 4) / 3;
  return {
    before: { fromMs: warmUpMs, untilMs: lowFrom },
    low: { fromMs: lowFrom, untilMs: lowUntil },
    after: { fromMs: lowUntil, untilMs: lowUntil + RECOVERY_MS + measureMs / 2 },
  };
}

function tableOf(outcome: Outcome, phases: Phases, settings: Settings): Table {
  const { system, ledger, samples } = outcome;
  const { before, low, after } = phases;
  const high = (HIGH * 1000) / settings.stub.serviceMs;
  const least = (LOW * 1000) / settings.stub.serviceMs;
  const recovered = { fromMs: after.fromMs + RECOVERY_MS, untilMs: after.untilMs };
  const settledAtMs = firstGoodWindow(ledger.masks, after, {
    callsPerSecond: high,
    windowMs: WINDOW_MS,
    least: 0.95,
  });
  const lately = samples.filter(({ atMs }) => atMs > low.fromMs + 10_000 && atMs <= low.untilMs);
  const figures: Figure[] = [
    { name: 'goodput before', value: goodput(ledger.masks, before, high), unit: '' },
    {
      name: 'goodput while low, share of what is there',
      value: goodput(ledger.masks, low, least),
      unit: '',
      target: { least: 0.7 },
    },
    {
      name: 'goodput from 20 s after the return on',
      value: goodput(ledger.masks, recovered, high),
      unit: '',
      target: { least: 0.95 },
    },
    {
      name: 'until the first 5 s with 0.95 of it',
      value: settledAtMs === undefined ? Number.POSITIVE_INFINITY : settledAtMs - after.fromMs,
      unit: 'ms',
    },
    {
      name: 'most calls in flight from 10 s of the low time on',
      value: Math.max(0, ...lately.map(({ mostOpen }) => mostOpen)),
      unit: '',
    },
  ];
  return {
    title: `capacity ${HIGH} → ${LOW} → ${HIGH}, ${system}`,
    figures: [...judged(system, figures), lateness(outcome)],
  };
}
