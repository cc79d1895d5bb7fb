import { describe, expect, test } from 'vitest';
import type { Level, Loss } from './lost-primary/experiment.ts';
import { runLostPrimary } from './lost-primary/experiment.ts';
import { lostPrimarySummary } from './lost-primary/summary.ts';

/** Long enough that the Sentinels change over meanwhile; the run waits for it. */
const LOST_MS = 4_000;

async function run(loss: Loss, level: Level) {
  const report = await runLostPrimary({
    ...{ level, loss, seed: 3, sessions: 8, rate: 30 },
    ...{ calmMs: 2_000, lostMs: LOST_MS, downAfterMs: 2_000 },
    log: () => undefined,
  });
  process.stdout.write(`${lostPrimarySummary([report])}\n`);
  return report;
}

describe.each<Loss>(['cut', 'kill'])('a primary that is lost (%s)', (loss) => {
  test('L14 replicated loses nothing that was acknowledged', async () => {
    const { before, during, after, lost } = await run(loss, 'replicated');
    expect(lost).toBe(0);
    // A run in which nothing happened proves nothing.
    expect(before.acknowledged).toBeGreaterThan(10);
    expect(during.refused).toBeGreaterThan(10);
    expect(after.acknowledged).toBeGreaterThanOrEqual(8);
  });
});

describe('a primary that is cut off together with its gateways', () => {
  test('L14 memory loses what was acknowledged while it was cut off', async () => {
    const report = await run('cut', 'memory');
    expect(report.lost).toBeGreaterThan(10);
    expect(report.after.acknowledged).toBeGreaterThanOrEqual(8);
  });
});
