import type { Click, Ledger } from '../load/ledger.ts';
import type { LoadClock } from '../load/load-clock.ts';
import type { StubProcess } from '../stub/process.ts';

/** What stands between the clicks and the feature server. */
export interface System {
  /** Makes a click; returns at once. What becomes of it is written into the ledger. */
  click(click: Click): void;
}

/** What a system is started with. */
export interface Setting {
  readonly ledger: Ledger;
  readonly clock: LoadClock;
  /** Calls at once that the feature server is good for. */
  readonly capacity: number;
  readonly sessions: number;
  readonly objectsEach: number;
  readonly gateways: number;
  /** Settings of the gateways; names as in the README. */
  readonly env: Readonly<Record<string, string>>;
}

/** A setting with real processes. */
interface RealSetting extends Setting {
  readonly stub: StubProcess;
}

/** Starts the processes of a system; what was started is ended by the stack. */
export type StartSystem = (setting: RealSetting, opened: AsyncDisposableStack) => Promise<System>;
