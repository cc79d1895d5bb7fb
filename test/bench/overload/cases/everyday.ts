import { SeededRandom } from '../../../sim/seeded-random.ts';
import { median, quantile } from '../../support/figures.ts';
import type { Arm } from '../arm.ts';
import type { Outcome } from '../experiment.ts';
import { runArms } from '../experiment.ts';
import type { Span } from '../load/arrivals.ts';
import { bursts, inOrder } from '../load/arrivals.ts';
import { clicksWithin, DEADLINE_MS } from '../measures.ts';
import type { Settings } from '../settings.ts';
import { stubOf } from '../settings.ts';
import type { Case, Report, Table } from './case.ts';
import { CONTENDERS, judged } from './case.ts';
import { etaFigures, lateness } from './figures-of.ts';
import { OBJECTS_EACH, range, SESSIONS, TEN_PEOPLE } from './people.ts';

const CAPACITY = 8;
const CLICKS_PER_SECOND = 1;
/** Few bursts a second: a p95 takes time. */
const LONGER = 2;

export const everyday: Case = {
  name: 'everyday',
  about:
    'Ten people with ten objects each, about one click a second each in bursts of 1–4 clicks 200–400 ms apart; capacity 8. Six tenths of what the server can do: a call for every click is as fast, until chance brings too many at once.',
  run: runEveryday,
};

async function runEveryday(settings: Settings, report: Report): Promise<void> {
  const untilMs = settings.warmUpMs + settings.measureMs * LONGER;
  const window = { fromMs: settings.warmUpMs, untilMs };
  const plan = { window, endMs: untilMs + 2 * DEADLINE_MS };
  const outcomes = await runArms(armsOf(settings, untilMs), plan, settings);
  for (const outcome of outcomes) report.table(tableOf(outcome, window));
}

function armsOf(settings: Settings, untilMs: number): Arm[] {
  const arrivals = inOrder(
    range(0, SESSIONS).flatMap((person) => {
      const random = new SeededRandom(settings.seed * 100 + 70 + person);
      const objects = range(person * OBJECTS_EACH, OBJECTS_EACH);
      return bursts(random, CLICKS_PER_SECOND, { fromMs: 0, untilMs }, objects);
    }),
  );
  const stub = stubOf(settings, CAPACITY);
  return CONTENDERS.map((system) => ({ ...TEN_PEOPLE, system, arrivals, stub }));
}

function tableOf(outcome: Outcome, window: Span): Table {
  const { system, ledger, before, after } = outcome;
  const clicks = clicksWithin(ledger.clicks, window);
  const waits = clicks
    .filter(({ last }) => last)
    .map(({ end, endedAtMs, atMs }) =>
      end === 'masked' && endedAtMs !== undefined ? endedAtMs - atMs : Number.POSITIVE_INFINITY,
    );
  const figures = [
    {
      name: 'last click of a burst to its mask, median',
      value: median(waits),
      unit: 'ms',
      target: { most: 700 },
    },
    { name: 'the same, p95', value: quantile(waits, 0.95), unit: 'ms', target: { most: 2_000 } },
    { name: 'calls a click', value: (after.calls - before.calls) / clicks.length, unit: '' },
    { name: 'most calls in flight at the server', value: after.mostOpen, unit: '' },
  ];
  const eta = system === 'Maskwire' ? etaFigures(outcome, window) : [];
  return {
    title: `the everyday case, ${system}`,
    figures: [...judged(system, [...figures, ...eta]), lateness(outcome)],
  };
}
