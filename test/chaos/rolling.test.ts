import { expect, test } from 'vitest';
import { runChaos } from './driver.ts';
import { summary } from './summary.ts';

test('A25 restarting every gateway in turn loses, repeats and resets nothing', async () => {
  const report = await runChaos({
    seed: 11,
    kills: 0,
    rolling: 2,
    sessions: 10,
    faultsMs: 60_000,
    log: () => undefined,
  });
  expect(report.violations, summary(report)).toEqual([]);
  expect(report.faults.restart).toBe(6);
  expect(report.resets).toBe(0);
  // A run in which nothing happened proves nothing.
  expect(report.clicksAcknowledged).toBeGreaterThan(50);
  expect(report.masksCompared).toBeGreaterThan(20);
});
