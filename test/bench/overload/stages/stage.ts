import type { Arm } from '../arm.ts';
import type { Ledger } from '../load/ledger.ts';
import type { LoadClock } from '../load/load-clock.ts';
import type { StubControl } from '../stub/options.ts';
import type { System } from '../systems/system.ts';

/** Where an experiment takes place: what its time is, and what its systems are made of. */
export interface Stage extends AsyncDisposable {
  readonly clock: LoadClock;
  /** Starts an arm's system with a feature server of its own; ended with the stage. */
  open(arm: Arm, ledger: Ledger): Promise<{ readonly system: System; readonly stub: StubControl }>;
  /** Lets time pass until the work has ended. */
  drive<Result>(work: Promise<Result>): Promise<Result>;
}
