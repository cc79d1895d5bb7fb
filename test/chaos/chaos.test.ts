import { expect, test } from 'vitest';
import { runCuts } from './cuts.ts';
import { runChaos } from './driver.ts';
import { cutsSummary, summary } from './summary.ts';

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

test('A23 readers that are cut off miss nothing and get nothing twice', async () => {
  const report = await runCuts({ seed: SEED, readers: 40, cuts: 5, log: () => undefined });
  expect(report.violations, cutsSummary(report)).toEqual([]);
  expect(report.cuts).toBeGreaterThanOrEqual(200);
  expect(report.resets).toBe(0);
  expect(report.cutsInFrames).toBeGreaterThan(50);
  expect(report.eventsRead).toBeGreaterThan(500);
});
