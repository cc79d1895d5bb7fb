/** What the stub is told, and what it tells: shared by the program and by whoever starts it. */

/** Paths beside part B. */
export const STUB_CONTROL = { statistics: '/statistics', set: '/set' } as const;

export interface StubFaults {
  /** Every so many milliseconds … */
  readonly busyEveryMs: number;
  /** … it answers 503 for so long. */
  readonly busyForMs: number;
  /** Shares of the calls that are never answered, broken off, reset. */
  readonly hang: number;
  readonly truncate: number;
  readonly reset: number;
}

export const NO_FAULTS: StubFaults = {
  busyEveryMs: 0,
  busyForMs: 0,
  hang: 0,
  truncate: 0,
  reset: 0,
};

export interface StubOptions extends StubFaults {
  readonly seed: number;
  /** Calls at once that it works on at full speed, and what it says of itself (B1). */
  readonly capacity: number;
  /** Part of the throughput that each further multiple of the capacity costs. */
  readonly penalty: number;
  readonly serviceMs: number;
  /** Coefficient of variation of the service times. */
  readonly cv: number;
  /** Whether a caller who leaves frees the place (B1); most model servers work on. */
  readonly cancellable: boolean;
}

export interface StubStatistics {
  /** Calls that arrived. */
  readonly calls: number;
  /** Of these, with a prompt that had been asked for already: retries. */
  readonly repeats: number;
  /** Connections with a call that is not answered. */
  readonly open: number;
  readonly mostOpen: number;
  /** The most since the statistics were asked for last. */
  readonly mostOpenSince: number;
  /** The most calls that it worked on, those included that nobody waits for any more. */
  readonly mostWorking: number;
  /** Calls whose work was done; a caller who has gone does not stop it. */
  readonly worked: number;
  /** Of these, those whose caller had gone. */
  readonly abandoned: number;
  /** For how long its places were taken, summed over the places. */
  readonly busyMs: number;
  readonly faults: Readonly<Record<'busy' | 'hang' | 'truncate' | 'reset', number>>;
  /** For each call that it left hanging: how much later than its deadline the caller gave it up. */
  readonly overdueMs: readonly number[];
  /** Calls for each object. */
  readonly callsOf: Readonly<Record<string, number>>;
}

/** Who asks and changes a stub, wherever it runs. */
export interface StubControl {
  statistics(): Promise<StubStatistics>;
  /** Changes its capacity or its faults while it runs; what it says of itself stays as it was. */
  set(change: Partial<StubOptions>): Promise<void>;
}
