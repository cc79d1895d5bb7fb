import type { SeededRandom } from '../../../sim/seeded-random.ts';
import type { StubFaults } from './options.ts';

export type FaultKind = 'busy' | 'hang' | 'truncate' | 'reset';

/** What goes wrong with a call that arrives `upMs` after the start; `undefined` for nothing. */
export function pickFault(
  faults: StubFaults,
  upMs: number,
  random: SeededRandom,
): FaultKind | undefined {
  // The burst ends each period, so that a run begins in peace.
  const { busyEveryMs, busyForMs } = faults;
  if (busyEveryMs > 0 && upMs % busyEveryMs >= busyEveryMs - busyForMs) return 'busy';
  const lot = random.uniform();
  if (lot < faults.hang) return 'hang';
  if (lot < faults.hang + faults.truncate) return 'truncate';
  if (lot < faults.hang + faults.truncate + faults.reset) return 'reset';
  return undefined;
}
