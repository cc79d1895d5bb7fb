import { describe, expect, test } from 'vitest';
import type { Level } from './partition/experiment.ts';
import { runPartition } from './partition/experiment.ts';
import { partitionSummary } from './partition/summary.ts';

/** Long enough that the Sentinels change over meanwhile; the run waits for it. */
const PARTITION_MS = 4_000;

function run(level: Level) {
  return runPartition({
    ...{ level, seed: 3, sessions: 8, rate: 30 },
    ...{ calmMs: 2_000, partitionMs: PARTITION_MS, downAfterMs: 2_000 },
    log: () => undefined,
  });
}

describe('a primary that is cut off together with its gateways', () => {
  test('L14 replicated loses nothing that was acknowledged', async () => {
    const { before, during, after, lost } = await run('replicated');
    expect(lost).toBe(0);
    // A run in which nothing happened proves nothing.
    expect(before.acknowledged).toBeGreaterThan(10);
    expect(during.refused).toBeGreaterThan(10);
    expect(after.acknowledged).toBeGreaterThanOrEqual(8);
  });

  test('L14 memory loses what was acknowledged while it was cut off', async () => {
    const report = await run('memory');
    expect(report.lost).toBeGreaterThan(10);
    expect(report.after.acknowledged).toBeGreaterThanOrEqual(8);
    process.stdout.write(`${partitionSummary([report])}\n`);
  });
});
