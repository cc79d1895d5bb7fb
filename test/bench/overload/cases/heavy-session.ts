import { SeededRandom } from '../../../sim/seeded-random.ts';
import type { Figure } from '../../support/figures.ts';
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
/**
 * Here all places are taken by both together and not by the ten alone. A call that has begun is not
 * taken back, so that somebody's click sometimes finds every place taken, and the ten do notice. That the
 * eleventh is no greater burden than ten more people with as many clicks in all is asked for besides.
 */
const SHARED_LOAD = 0.5;
/** Here the ten wait for each other in any case, so that the eleventh must cost them nothing. */
const OVERLOAD = 2;
/** A p95 of few masks is mostly luck. */
const LONGER = 3;

export const heavySession: Case = {
  name: 'heavy-session',
  about:
    'Ten people, and an eleventh who clicks as much as all of them together; beside it, at the same time and with the same clicks, a run without the eleventh, and one with ten more people in its place. At 1 + 1 the ten need all there is by themselves, so that nothing is asked of the figures.',
  run: runHeavySession,
};

async function runHeavySession(settings: Settings, report: Report): Promise<void> {
  const untilMs = settings.warmUpMs + settings.measureMs * LONGER;
  const window = { fromMs: settings.warmUpMs, untilMs };
  const runs = CALM_LOADS.map((load) => armsOf(settings, load, untilMs));
  const plan = { window, endMs: untilMs + DEADLINE_MS };
  const outcomes = [...(await runArms(runs.flat(), plan, settings))];
  for (const [index, load] of CALM_LOADS.entries()) {
    const [without, together, crowded] = outcomes.splice(0, runs[index]?.length);
    if (without !== undefined && together !== undefined) {
      report.table(tableOf(load, { without, together, crowded }, window));
    }
  }
}

/** Without the heavy session, with it, and perhaps with ten more people in its place. */
function armsOf(settings: Settings, load: number, untilMs: number): Arm[] {
  const span = { fromMs: 0, untilMs };
  const perSecond = (load * CAPACITY * 1000) / settings.stub.serviceMs;
  const random = new SeededRandom(settings.seed * 100 + 50);
  const calm = poisson(random, perSecond, span, objectsOf(SESSIONS));
  const heavyObjects = range(SESSIONS * OBJECTS_EACH, OBJECTS_EACH);
  const heavy = poisson(random, perSecond, span, heavyObjects);
  const arm = { ...TEN_PEOPLE, sessions: SESSIONS + 1, stub: stubOf(settings, CAPACITY) };
  const arms = [
    { ...arm, arrivals: calm },
    { ...arm, arrivals: inOrder([...calm, ...heavy]) },
  ];
  if (load !== SHARED_LOAD) return arms;
  const moreObjects = range(SESSIONS * OBJECTS_EACH, SESSIONS * OBJECTS_EACH);
  const more = poisson(random, perSecond, span, moreObjects);
  return [...arms, { ...arm, sessions: 2 * SESSIONS, arrivals: inOrder([...calm, ...more]) }];
}

interface Outcomes {
  readonly without: Outcome;
  readonly together: Outcome;
  readonly crowded: Outcome | undefined;
}

function tableOf(load: number, outcomes: Outcomes, window: Span): Table {
  const [without, together] = [ofTheTen(outcomes.without), ofTheTen(outcomes.together)];
  const answered = ({ clicks }: Records) => answeredShare(clicks, window);
  const shares = masksBySession(together.masks, window, SESSIONS, OBJECTS_EACH);
  const p95Ms = p95(together, window);
  return {
    title: `${load} × capacity by ten people, as much again by one`,
    figures: [
      { name: "the ten's p95 without the eleventh", value: p95(without, window), unit: 'ms' },
      { name: "the ten's p95 with it", value: p95Ms, unit: 'ms' },
      {
        name: 'the one by the other',
        value: p95Ms / p95(without, window),
        unit: '',
        ...(load === SHARED_LOAD || load === OVERLOAD ? { target: { most: 1.05 } } : {}),
      },
      ...crowdFigures(p95Ms, outcomes.crowded, window),
      {
        name: 'Jain index of the ten',
        value: jainIndex(shares),
        unit: '',
        ...(load === SHARED_LOAD || load === OVERLOAD ? { target: { least: 0.95 } } : {}),
      },
      { name: "the ten's clicks answered in time, without", value: answered(without), unit: '' },
      { name: "the ten's clicks answered in time, with", value: answered(together), unit: '' },
      lateness(outcomes.together),
    ],
  };
}

function crowdFigures(p95Ms: number, crowded: Outcome | undefined, window: Span): Figure[] {
  if (crowded === undefined) return [];
  const crowdedMs = p95(ofTheTen(crowded), window);
  return [
    { name: "the ten's p95 with ten more people in its place", value: crowdedMs, unit: 'ms' },
    {
      name: 'with the eleventh, by that',
      value: p95Ms / crowdedMs,
      unit: '',
      target: { most: 1.05 },
    },
  ];
}

const p95 = ({ masks }: Records, window: Span) => quantile(maskLatencies(masks, window), 0.95);

function ofTheTen({ ledger }: Outcome): Records {
  return recordsOf(ledger, (object) => object < SESSIONS * OBJECTS_EACH);
}
