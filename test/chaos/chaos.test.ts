import { expect, test } from 'vitest';
import { runChaos } from './driver.ts';
import { summary } from './summary.ts';

/** Another one finds other things; this one is the same everywhere. */
const SEED = 7;

test('nothing is lost, repeated or forged while gateways, links and Redis fail', async () => {
  const report = await runChaos({
    seed: SEED,
    kills: 6,
    sessions: 10,
    faultsMs: 60_000,
    log: () => undefined,
  });
  expect(report.violations, summary(report)).toEqual([]);
  // A run in which nothing happened proves nothing.
  expect(report.faults.kill).toBeGreaterThanOrEqual(4);
  expect(report.clicksAcknowledged).toBeGreaterThan(50);
  expect(report.masksCompared).toBeGreaterThan(20);
});
