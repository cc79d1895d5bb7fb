/**
 * Retries that are allowed, so that a server in trouble does not get more calls because of it: one
 * for ten first attempts, and one every ten seconds in any case.
 */

/** First attempts that earn one retry. */
const CALLS_PER_RETRY = 10;
/** What calm times can save up for a burst of failures, in first attempts: ten retries. */
const MOST_CALLS = 100;
/** One retry is allowed when the last was this long ago, however few calls there are. */
const ALWAYS_AFTER_MS = 10_000;

export interface RetryBudget {
  /** First attempts whose part of a retry was not used yet. */
  readonly calls: number;
  /** When one was last allowed. */
  readonly usedAt: number;
}

export const NEW_RETRY_BUDGET: RetryBudget = { calls: 0, usedAt: 0 };

/** After the beginning of a first attempt. */
export function earnRetries(budget: RetryBudget): RetryBudget {
  return { ...budget, calls: Math.min(MOST_CALLS, budget.calls + 1) };
}

/** What is left after one retry; `undefined` when it is not allowed. */
export function spendRetry({ calls, usedAt }: RetryBudget, now: number): RetryBudget | undefined {
  if (calls < CALLS_PER_RETRY && now < usedAt + ALWAYS_AFTER_MS) return undefined;
  return { calls: Math.max(0, calls - CALLS_PER_RETRY), usedAt: now };
}
