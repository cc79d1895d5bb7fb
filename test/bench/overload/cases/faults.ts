import { SeededRandom } from '../../../sim/seeded-random.ts';
import { quantile } from '../../support/figures.ts';
import type { Outcome } from '../experiment.ts';
import { runArms } from '../experiment.ts';
import { poisson } from '../load/arrivals.ts';
import { answeredShare, share } from '../measures.ts';
import type { Settings } from '../settings.ts';
import { stubOf } from '../settings.ts';
import type { Case, Report, Table } from './case.ts';
import { lateness } from './figures-of.ts';
import { objectsOf, TEN_PEOPLE } from './people.ts';

const CAPACITY = 4;
/** Short calls, so that there are many. */
const SERVICE_MS = 15;
/** So many that no object is clicked thousands of times in a long run. */
const PEOPLE = 40;
/**
 * Of what the server could do without faults, which is more than it can do with them: there is nearly
 * always somebody who waits for a place.
 */
const LOAD = 0.8;
/** Of the time that the calls take without faults and pauses: longer than it really takes. */
const PATIENCE = 4;
const CALL_TIMEOUT_MS = 1_000;
const LEASE_MS = 3_000;
const ENDING_MS = 15_000;

const FAULTS = {
  busyEveryMs: 6_000,
  busyForMs: 600,
  hang: 0.005,
  truncate: 0.01,
  reset: 0.01,
} as const;

export const faults: Case = {
  name: 'faults',
  about:
    'Three gateways on one Redis before a server with short calls (15 ms, capacity 4) that answers 503 for 0.6 of every 6 s, leaves 0.5 % of the calls hanging, and breaks 1 % off and resets 1 %. Calls may take a second. `--calls 100000` takes a quarter of an hour on a calm machine, 25 minutes at most.',
  run: runFaults,
};

async function runFaults(settings: Settings, report: Report): Promise<void> {
  const capacityPerSecond = (CAPACITY * 1000) / SERVICE_MS;
  const untilMs = (PATIENCE * settings.faultCalls * 1000) / capacityPerSecond;
  const span = { fromMs: 0, untilMs };
  const random = new SeededRandom(settings.seed * 100 + 90);
  const arm = {
    ...TEN_PEOPLE,
    gateways: 3,
    sessions: PEOPLE,
    arrivals: poisson(random, LOAD * capacityPerSecond, span, objectsOf(PEOPLE)),
    stub: stubOf(settings, CAPACITY, { ...FAULTS, serviceMs: SERVICE_MS }),
    env: {
      MASKWIRE_CALL_TIMEOUT_MS: CALL_TIMEOUT_MS,
      MASKWIRE_ENCODE_TIMEOUT_MS: CALL_TIMEOUT_MS,
      MASKWIRE_LEASE_MS: LEASE_MS,
    },
  };
  const plan = { window: span, endMs: untilMs + ENDING_MS, calls: settings.faultCalls };
  const [outcome] = await runArms([arm], plan, settings);
  if (outcome !== undefined) report.table(tableOf(outcome));
}

function tableOf(outcome: Outcome): Table {
  const { final, ledger, untilMs } = outcome;
  const accepted = ledger.clicks.filter(({ end }) => end !== 'refused');
  const waits = accepted.map(({ atMs, endedAtMs }) => (endedAtMs ?? Number.NaN) - atMs);
  const spoiled = Object.values(final.faults).reduce((sum, count) => sum + count, 0);
  return {
    title: 'bursts of 503, hangs, broken and reset answers, three gateways',
    figures: [
      { name: 'calls', value: final.calls, unit: '' },
      { name: 'the same in a second', value: (1000 * final.calls) / untilMs, unit: '1/s' },
      { name: 'of them spoiled', value: spoiled, unit: '' },
      {
        name: `most calls in flight at the server, whose ceiling is ${CAPACITY}`,
        value: final.mostOpen,
        unit: '',
        target: { most: CAPACITY },
      },
      { name: 'most calls that it worked on', value: final.mostWorking, unit: '' },
      {
        name: 'calls for a prompt that was asked for before (retries)',
        value: final.repeats / final.calls,
        unit: '',
        target: { most: 0.1 },
      },
      {
        name: 'a hanging call given up after its deadline, most',
        value: Math.max(0, ...final.overdueMs),
        unit: 'ms',
        target: { most: 250 },
      },
      { name: 'the same, p99', value: quantile(final.overdueMs, 0.99), unit: 'ms' },
      { name: 'the same, median', value: quantile(final.overdueMs, 0.5), unit: 'ms' },
      {
        name: 'accepted clicks that ended',
        value: share(accepted, ({ end }) => end !== undefined),
        unit: '',
        target: { least: 1 },
      },
      {
        name: 'accepted clicks that failed',
        value: share(accepted, ({ end }) => end === 'failed'),
        unit: '',
      },
      {
        name: 'until an accepted click ended, p99',
        value: quantile(waits, 0.99),
        unit: 'ms',
      },
      { name: 'the same, longest', value: quantile(waits, 1), unit: 'ms' },
      {
        name: 'clicks answered within 3 s',
        value: answeredShare(ledger.clicks, { fromMs: 0, untilMs }),
        unit: '',
      },
      lateness(outcome),
    ],
  };
}
