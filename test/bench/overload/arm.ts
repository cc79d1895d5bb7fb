import type { Arrival } from './load/arrivals.ts';
import type { StubOptions } from './stub/options.ts';

export type SystemName = 'Maskwire' | 'FIFO queue' | 'naive proxy';

/** A system, and the load that it gets. */
export interface Arm {
  readonly system: SystemName;
  /** Of Maskwire: one keeps everything in its memory, several share a Redis. */
  readonly gateways: number;
  readonly arrivals: readonly Arrival[];
  readonly sessions: number;
  readonly objectsEach: number;
  /** In model time. */
  readonly stub: StubOptions;
  /** Settings of its gateways that the case needs; durations in model milliseconds. */
  readonly env: Readonly<Record<string, number>>;
}
