import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetryBudget } from '../../../src/core/burst/retry-budget.ts';
import { earnRetries, NEW_RETRY_BUDGET, spendRetry } from '../../../src/core/burst/retry-budget.ts';

const NOW = 1_000_000;

function earned(calls: number): RetryBudget {
  let budget = NEW_RETRY_BUDGET;
  for (let n = 0; n < calls; n += 1) budget = earnRetries(budget);
  return budget;
}

describe('retry budget', () => {
  it('B5 allows one retry for ten calls, and no more than one in ten seconds beyond', () => {
    const step = fc.record({ fails: fc.boolean(), ms: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
        let budget = NEW_RETRY_BUDGET;
        let now = NOW;
        let retries = 0;
        for (const { fails, ms } of steps) {
          now += ms;
          budget = earnRetries(budget);
          const left = fails ? spendRetry(budget, now) : undefined;
          if (left === undefined) continue;
          budget = left;
          retries += 1;
        }
        expect(retries).toBeLessThanOrEqual(steps.length / 10 + (now - NOW) / 10_000 + 1);
      }),
    );
  });

  it('saves up ten at the most', () => {
    let budget: RetryBudget | undefined = earned(1_000);
    let retries = 0;
    for (; budget !== undefined; budget = spendRetry(budget, NOW)) retries += 1;
    expect(retries - 1).toBe(10);
  });

  it('allows one after ten seconds although nothing was saved', () => {
    const used = spendRetry(NEW_RETRY_BUDGET, NOW);
    expect(used).toBeDefined();
    expect(spendRetry(used ?? NEW_RETRY_BUDGET, NOW + 9_999)).toBeUndefined();
    expect(spendRetry(used ?? NEW_RETRY_BUDGET, NOW + 10_000)).toBeDefined();
  });
});
