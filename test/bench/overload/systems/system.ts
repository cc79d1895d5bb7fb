import type { Click, Ledger } from '../load/ledger.ts';
import type { ModelClock } from '../load/model-clock.ts';
import type { StubProcess } from '../stub/process.ts';

/** What stands between the clicks and the feature server, as real processes. */
export interface System extends AsyncDisposable {
  /** Makes a click; returns at once. What becomes of it is written into the ledger. */
  click(click: Click): void;
}

/** What a system is started with. */
export interface Setting {
  readonly stub: StubProcess;
  readonly ledger: Ledger;
  readonly clock: ModelClock;
  /** Calls at once that the feature server is good for. */
  readonly capacity: number;
  readonly sessions: number;
  readonly objectsEach: number;
  /** Settings of gateways beside those that a case makes; names as in the README. */
  readonly env: Readonly<Record<string, string>>;
}

export type StartSystem = (setting: Setting) => Promise<System>;
