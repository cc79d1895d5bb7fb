import type { Arrival } from './arrivals.ts';
import type { Click, Ledger } from './ledger.ts';
import type { ModelClock } from './model-clock.ts';

/**
 * Makes every click at its time and never waits for an answer (open loop). How late each was made, in
 * the machine's milliseconds: a generator that cannot keep up measures itself.
 */
export async function play(
  arrivals: readonly Arrival[],
  clock: ModelClock,
  ledger: Ledger,
  click: (click: Click) => void,
): Promise<readonly number[]> {
  const lateness: number[] = [];
  for (const { atMs, object, last } of arrivals) {
    await clock.until(atMs);
    lateness.push(clock.real(clock.now() - atMs));
    click(ledger.made(object, atMs, last));
  }
  return lateness;
}
