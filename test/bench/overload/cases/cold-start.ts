import { SeededRandom } from '../../../sim/seeded-random.ts';
import type { Figure } from '../../support/figures.ts';
import type { Outcome } from '../experiment.ts';
import { runArms } from '../experiment.ts';
import type { Arrival } from '../load/arrivals.ts';
import { inOrder } from '../load/arrivals.ts';
import { share } from '../measures.ts';
import type { Settings } from '../settings.ts';
import { stubOf } from '../settings.ts';
import type { Case, Report, Table } from './case.ts';
import { CONTENDERS, judged } from './case.ts';
import { lateness } from './figures-of.ts';
import { OBJECTS_EACH, range, SESSIONS, TEN_PEOPLE } from './people.ts';

const CAPACITY = 4;
const OBJECTS_CLICKED = 3;
/** Everybody is there when the gateway is. */
const BURST_MS = 1_000;
/** Those of the gateway by default: thirty calls take four seconds at best. */
const PATIENCE = { MASKWIRE_MAX_WAIT_MS: 5_000, MASKWIRE_DEADLINE_MS: 10_000 } as const;

export const coldStart: Case = {
  name: 'cold-start',
  about:
    'A gateway that has made no call yet, and ten people who click on three objects each within a second; capacity 4; longest wait and deadline as they are by default.',
  run: runColdStart,
};

async function runColdStart(settings: Settings, report: Report): Promise<void> {
  const window = { fromMs: 0, untilMs: BURST_MS };
  const plan = { window, endMs: BURST_MS + 2 * PATIENCE.MASKWIRE_DEADLINE_MS };
  const arrivals = burst(new SeededRandom(settings.seed * 100 + 40));
  const stub = stubOf(settings, CAPACITY);
  const arm = { ...TEN_PEOPLE, arrivals, stub, env: PATIENCE };
  const arms = CONTENDERS.map((system) => ({ ...arm, system }));
  for (const outcome of await runArms(arms, plan, settings)) report.table(tableOf(outcome));
}

function burst(random: SeededRandom): Arrival[] {
  const objects = range(0, SESSIONS * OBJECTS_EACH).filter(
    (object) => object % OBJECTS_EACH < OBJECTS_CLICKED,
  );
  const atMs = () => random.uniform() * BURST_MS;
  return inOrder(objects.map((object) => ({ atMs: atMs(), object, last: true })));
}

function tableOf(outcome: Outcome): Table {
  const { system, ledger, final } = outcome;
  const waits = ledger.clicks.map(({ atMs, endedAtMs }) => (endedAtMs ?? Number.NaN) - atMs);
  const figures: Figure[] = [
    {
      name: 'clicks refused',
      value: share(ledger.clicks, ({ end }) => end === 'refused'),
      unit: '',
      target: { most: 0 },
    },
    {
      name: 'clicks answered with a mask',
      value: share(ledger.clicks, ({ end }) => end === 'masked'),
      unit: '',
      target: { least: 1 },
    },
    { name: 'until a click ended, longest', value: Math.max(...waits), unit: 'ms' },
    { name: 'most calls in flight at the server', value: final.mostOpen, unit: '' },
  ];
  return {
    title: `the first burst after the start, ${system}`,
    figures: [...judged(system, figures), lateness(outcome)],
  };
}
