import { expect, test } from 'vitest';
import type { Arm } from '../bench/overload/arm.ts';
import { runArms } from '../bench/overload/experiment.ts';
import { poisson } from '../bench/overload/load/arrivals.ts';
import { goodput } from '../bench/overload/measures.ts';
import { readSettings } from '../bench/overload/settings.ts';
import { NO_FAULTS } from '../bench/overload/stub/options.ts';
import { SeededRandom } from './seeded-random.ts';

const CEILING = 3;
const SPAN = { fromMs: 0, untilMs: 20_000 };
const PLAN = { window: SPAN, endMs: 60_000 };
const settings = readSettings(['--virtual']);

/** Twice what the server can do, through three gateways, to a server that spoils one call in ten. */
function arm(seed: number): Arm {
  const objects = Array.from({ length: 20 }, (_, index) => index);
  return {
    system: 'Maskwire',
    gateways: 3,
    sessions: 4,
    objectsEach: 5,
    arrivals: poisson(new SeededRandom(seed), 60, SPAN, objects),
    stub: {
      ...NO_FAULTS,
      ...{ seed, capacity: CEILING, penalty: 0.35, serviceMs: 100, cv: 0.25, cancellable: false },
      ...{ busyEveryMs: 4_000, busyForMs: 400, hang: 0.02, truncate: 0.04, reset: 0.04 },
    },
    env: {
      MASKWIRE_CALL_TIMEOUT_MS: 1_000,
      MASKWIRE_ENCODE_TIMEOUT_MS: 1_000,
      MASKWIRE_LEASE_MS: 3_000,
    },
  };
}

test('B6 A21 under overload and faults no call is above the ceiling and every accepted click ends', async () => {
  const seeds = [1, 2, 3, 4];
  const outcomes = await runArms(seeds.map(arm), PLAN, settings);
  for (const { ledger, final } of outcomes) {
    expect(final.calls).toBeGreaterThan(100);
    expect(final.mostOpen).toBe(CEILING);
    expect(final.open).toBe(0);
    expect(ledger.pending).toBe(0);
    expect(ledger.masks.length).toBeGreaterThan(100);
  }
});

test('a server that loses three of its four places still does most of what it can, and then recovers', async () => {
  const [lost, back, end] = [20_000, 60_000, 95_000];
  const objects = Array.from({ length: 100 }, (_, index) => index);
  const span = { fromMs: 0, untilMs: end };
  const people = { system: 'Maskwire', gateways: 1, sessions: 10, objectsEach: 10 } as const;
  const stub = { serviceMs: 500, cv: 0.25, penalty: 0.35, cancellable: false, capacity: 4 };
  const arms = [1, 2, 3, 4, 5].map((seed) => ({
    ...people,
    arrivals: poisson(new SeededRandom(seed), 16, span, objects),
    stub: { ...NO_FAULTS, ...stub, seed },
    env: {},
  }));
  const changes = [
    { atMs: lost, change: { capacity: 1 } },
    { atMs: back, change: { capacity: 4 } },
  ];
  const plan = { window: span, endMs: end + 5_000, changes };
  for (const { ledger } of await runArms(arms, plan, settings)) {
    const share = (fromMs: number, untilMs: number, places: number) =>
      goodput(ledger.masks, { fromMs, untilMs }, 2 * places);
    expect(share(lost, back, 1)).toBeGreaterThan(0.7);
    expect(share(back + 20_000, end, 4)).toBeGreaterThan(0.95);
  }
});

test('a run on the virtual clock is the same each time', async () => {
  const [first] = await runArms([arm(7)], PLAN, settings);
  const [second] = await runArms([arm(7)], PLAN, settings);
  expect(second).toEqual(first);
});
