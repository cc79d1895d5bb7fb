import type { Arrival } from './arrivals.ts';
import type { Click, Ledger } from './ledger.ts';
import type { LoadClock } from './load-clock.ts';

/**
 * Makes every click at its time and never waits for an answer (open loop). How late each was made: a
 * generator that cannot keep up measures itself. `stop` ends the load early.
 */
export async function play(
  arrivals: readonly Arrival[],
  clock: LoadClock,
  ledger: Ledger,
  click: (click: Click) => void,
  stop: AbortSignal,
): Promise<readonly number[]> {
  const lateness: number[] = [];
  for (const { atMs, object, last } of arrivals) {
    await clock.until(atMs);
    if (stop.aborted) break;
    lateness.push(clock.now() - atMs);
    click(ledger.made(object, atMs, last));
  }
  return lateness;
}
