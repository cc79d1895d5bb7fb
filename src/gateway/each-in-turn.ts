import { isStorageLost } from '../core/problem.ts';

/**
 * Visits all items, one after the other. What fails for one of them alone is reported at the end, so
 * that it cannot keep all after it from their turn, pass after pass; lost storage ends the pass.
 */
export async function eachInTurn<Item>(
  items: Iterable<Item>,
  visit: (item: Item) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of [...items]) {
    try {
      await visit(item);
    } catch (error) {
      if (isStorageLost(error)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first === undefined) return;
  const message = first instanceof Error ? first.message : 'unknown';
  throw new AggregateError(failures, `${failures.length} failed, the first with: ${message}`);
}
