import { SeededRandom } from '../../../sim/seeded-random.ts';
import { quantile } from '../../support/figures.ts';
import type { Arm } from '../arm.ts';
import type { Outcome } from '../experiment.ts';
import { runArms } from '../experiment.ts';
import type { Span } from '../load/arrivals.ts';
import { inOrder, poisson } from '../load/arrivals.ts';
import type { Records } from '../load/ledger.ts';
import { recordsOf } from '../load/ledger.ts';
import {
  answeredShare,
  DEADLINE_MS,
  jainIndex,
  maskLatencies,
  masksBySession,
} from '../measures.ts';
import type { Settings } from '../settings.ts';
import { stubOf } from '../settings.ts';
import type { Case, Report, Table } from './case.ts';
import { lateness } from './figures-of.ts';
import { OBJECTS_EACH, objectsOf, range, SESSIONS, TEN_PEOPLE } from './people.ts';

const CAPACITY = 4;
/** What the others offer, as shares of the capacity; the heavy session offers as much again. */
const CALM_LOADS = [0.5, 1, 2] as const;
/** At 1 + 1 the ten need all there is by themselves: whatever the eleventh gets is taken from them. */
const UNJUDGED_LOAD = 1;
/** A p95 of few masks is mostly luck. */
const LONGER = 3;

export const heavySession: Case = {
  name: 'heavy-session',
  about:
    'Ten people, and an eleventh who clicks as much as all of them together; beside it, at the same time and with the same clicks, a run without the eleventh. At 1 + 1 the ten need all there is by themselves, so that nothing is asked of the figures.',
  run: runHeavySession,
};

async function runHeavySession(settings: Settings, report: Report): Promise<void> {
  const untilMs = settings.warmUpMs + settings.measureMs * LONGER;
  const window = { fromMs: settings.warmUpMs, untilMs };
  const arms = CALM_LOADS.flatMap((load) => armsOf(settings, load, untilMs));
  const plan = { window, endMs: untilMs + DEADLINE_MS };
  const outcomes = await runArms(arms, plan, settings);
  for (const [index, load] of CALM_LOADS.entries()) {
    const [without, together] = outcomes.slice(2 * index);
    if (without !== undefined && together !== undefined) {
      report.table(tableOf(load, without, together, window));
    }
  }
}

/** Without the heavy session and with it. */
function armsOf(settings: Settings, load: number, untilMs: number): Arm[] {
  const span = { fromMs: 0, untilMs };
  const perSecond = (load * CAPACITY * 1000) / settings.stub.serviceMs;
  const random = new SeededRandom(settings.seed * 100 + 50);
  const calm = poisson(random, perSecond, span, objectsOf(SESSIONS));
  const heavyObjects = range(SESSIONS * OBJECTS_EACH, OBJECTS_EACH);
  const heavy = poisson(random, perSecond, span, heavyObjects);
  const arm = { ...TEN_PEOPLE, sessions: SESSIONS + 1, stub: stubOf(settings, CAPACITY) };
  return [
    { ...arm, arrivals: calm },
    { ...arm, arrivals: inOrder([...calm, ...heavy]) },
  ];
}

function tableOf(load: number, alone: Outcome, among: Outcome, window: Span): Table {
  const [without, together] = [ofTheTen(alone), ofTheTen(among)];
  const p95 = ({ masks }: Records) => quantile(maskLatencies(masks, window), 0.95);
  const answered = ({ clicks }: Records) => answeredShare(clicks, window);
  const shares = masksBySession(together.masks, window, SESSIONS, OBJECTS_EACH);
  const judged = load !== UNJUDGED_LOAD;
  return {
    title: `${load} × capacity by ten people, as much again by one`,
    figures: [
      { name: "the ten's p95 without the eleventh", value: p95(without), unit: 'ms' },
      { name: "the ten's p95 with it", value: p95(together), unit: 'ms' },
      {
        name: 'the one by the other',
        value: p95(together) / p95(without),
        unit: '',
        ...(judged ? { target: { most: 1.05 } } : {}),
      },
      {
        name: 'Jain index of the ten',
        value: jainIndex(shares),
        unit: '',
        ...(judged ? { target: { least: 0.95 } } : {}),
      },
      { name: "the ten's clicks answered in time, without", value: answered(without), unit: '' },
      { name: "the ten's clicks answered in time, with", value: answered(together), unit: '' },
      lateness(among),
    ],
  };
}

function ofTheTen({ ledger }: Outcome): Records {
  return recordsOf(ledger, (object) => object < SESSIONS * OBJECTS_EACH);
}
