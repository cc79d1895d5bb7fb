import { SeededRandom } from '../../../sim/seeded-random.ts';
import type { Figure } from '../../support/figures.ts';
import type { Arm } from '../arm.ts';
import type { Point } from '../drawings/load-drawings.ts';
import { loadDrawings } from '../drawings/load-drawings.ts';
import type { Outcome } from '../experiment.ts';
import { runArms } from '../experiment.ts';
import type { Span } from '../load/arrivals.ts';
import { poisson } from '../load/arrivals.ts';
import { DEADLINE_MS, jainIndex, masksBySession, recoveryMs } from '../measures.ts';
import type { Settings } from '../settings.ts';
import { stubOf } from '../settings.ts';
import type { Case, Report, Table } from './case.ts';
import { CONTENDERS, judged, placeOf } from './case.ts';
import type { Summary } from './figures-of.ts';
import { etaFigures, lateness, summarise } from './figures-of.ts';
import { OBJECTS_EACH, objectsOf, SESSIONS, TEN_PEOPLE } from './people.ts';

const CAPACITY = 4;
const LOADS = [1, 2, 5, 10] as const;
/** What is offered before and after the load, as a share of the capacity. */
const CALM_LOAD = 0.5;
/** A gateway that has just started knows nothing of its server and is careful: not what is meant here. */
const START_MS = 5_000;

/** What each load is held to, of the table. */
const LEAST_GOODPUT: Readonly<Record<number, number>> = { 2: 0.95, 5: 0.95, 10: 0.9 };
const LEAST_ANSWERED_AT_CAPACITY = 0.95;
const MOST_WASTED = 0.02;

export const offeredLoad: Case = {
  name: 'offered-load',
  about:
    'Ten people with ten objects each; clicks as a Poisson process over all objects, at multiples of what the server can do (capacity 4). Afterwards half of it: how long people still feel the overload.',
  run: runOfferedLoads,
};

async function runOfferedLoads(settings: Settings, report: Report): Promise<void> {
  const points: Point[] = [];
  for (const load of LOADS) {
    const spans = spansOf(settings);
    const plan = { window: spans.measured, endMs: spans.calm.untilMs + DEADLINE_MS };
    const outcomes = await runArms(armsOf(settings, load, spans), plan, settings);
    for (const outcome of outcomes) {
      const summary = summarise(outcome, spans.measured, {
        capacity: CAPACITY,
        serviceMs: settings.stub.serviceMs,
      });
      points.push({ load, name: outcome.system, summary });
      report.table(tableOf(outcome, summary, load, spans));
    }
  }
  for (const drawing of loadDrawings(points, placeOf(settings))) report.drawing(drawing);
}

const capacityPerSecond = ({ stub }: Settings) => (CAPACITY * 1000) / stub.serviceMs;

interface Spans {
  readonly start: Span;
  readonly load: Span;
  readonly measured: Span;
  readonly calm: Span;
}

function spansOf({ warmUpMs, measureMs }: Settings): Spans {
  const fromMs = START_MS + warmUpMs;
  const endMs = fromMs + measureMs;
  return {
    start: { fromMs: 0, untilMs: START_MS },
    load: { fromMs: START_MS, untilMs: endMs },
    measured: { fromMs, untilMs: endMs },
    calm: { fromMs: endMs, untilMs: endMs + Math.max(5_000, measureMs / 3) },
  };
}

function armsOf(settings: Settings, load: number, spans: Spans): Arm[] {
  const random = new SeededRandom(settings.seed * 100 + load);
  const objects = objectsOf(SESSIONS);
  const perSecond = capacityPerSecond(settings);
  const arrivals = [
    ...poisson(random, CALM_LOAD * perSecond, spans.start, objects),
    ...poisson(random, load * perSecond, spans.load, objects),
    ...poisson(random, CALM_LOAD * perSecond, spans.calm, objects),
  ];
  const stub = stubOf(settings, CAPACITY);
  return CONTENDERS.map((system) => ({ ...TEN_PEOPLE, system, arrivals, stub }));
}

function tableOf(outcome: Outcome, summary: Summary, load: number, spans: Spans): Table {
  const { system } = outcome;
  const figures = [...loadFigures(summary, load), ...fairnessFigures(outcome, spans, load)];
  const eta = system === 'Maskwire' ? etaFigures(outcome, spans.measured) : [];
  return {
    title: `${load} × capacity, ${system}`,
    figures: [...judged(system, [...figures, ...eta]), lateness(outcome)],
  };
}

function loadFigures(summary: Summary, load: number): Figure[] {
  const goodput = LEAST_GOODPUT[load];
  const overloaded = goodput !== undefined;
  return [
    {
      name: 'goodput, share of the capacity',
      value: summary.goodput,
      unit: '',
      ...(overloaded ? { target: { least: goodput } } : {}),
    },
    {
      name: 'clicks answered within 3 s',
      value: summary.answered,
      unit: '',
      ...(overloaded ? {} : { target: { least: LEAST_ANSWERED_AT_CAPACITY } }),
    },
    { name: 'clicks refused', value: summary.refused, unit: '' },
    { name: 'newest click to mask, p50', value: summary.p50Ms, unit: 'ms' },
    { name: 'the same, p95', value: summary.p95Ms, unit: 'ms' },
    {
      name: 'the same, p99',
      value: summary.p99Ms,
      unit: 'ms',
      ...(overloaded ? { target: { most: DEADLINE_MS } } : {}),
    },
    {
      name: 'work finished too late or for nobody',
      value: summary.wasted,
      unit: '',
      ...(overloaded ? { target: { most: MOST_WASTED } } : {}),
    },
    { name: 'the time that the places were taken', value: summary.busy, unit: '' },
    { name: 'calls a click', value: summary.callsPerClick, unit: '' },
    { name: 'most calls in flight at the server', value: summary.mostOpen, unit: '' },
  ];
}

function fairnessFigures({ ledger }: Outcome, spans: Spans, load: number): Figure[] {
  const masks = masksBySession(ledger.masks, spans.measured, SESSIONS, OBJECTS_EACH);
  const jain = { name: 'Jain index of the people', value: jainIndex(masks), unit: '' };
  const recovery = recoveryMs(ledger.clicks, spans.calm);
  return load === 1
    ? [jain]
    : [jain, { name: 'last miss after the overload', value: recovery, unit: 'ms' }];
}
