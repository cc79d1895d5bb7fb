import type { Clock } from '../../../../src/ports/system.ts';
import type { FeatureServerInfo, SegmentRequest } from '../../../../src/protocol/feature-server.ts';
import { SeededRandom } from '../../../sim/seeded-random.ts';
import type { FaultKind } from './faults.ts';
import { pickFault } from './faults.ts';
import type { StubControl, StubFaults, StubOptions, StubStatistics } from './options.ts';
import { objectOf } from './prompt-name.ts';
import { ServiceTimes } from './service-times.ts';
import { Worker } from './worker.ts';

/** What a call comes on. */
export interface Connection {
  readonly closed: boolean;
  /** Called once, also after the answer. */
  onClose(listener: () => void): void;
}

/** How a call ends, if the caller is still there. */
export type Ending = 'answer' | Exclude<FaultKind, 'hang'>;

/**
 * A feature server that does nothing but take its time, and counts what reaches it.
 */
export class Stub implements StubControl {
  readonly #options: StubOptions;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #times: ServiceTimes;
  readonly #luck: SeededRandom;
  readonly #worker: Worker;
  #faults: StubFaults;
  readonly #open = new Set<Connection>();
  readonly #asked = new Set<string>();
  readonly #counts = {
    calls: 0,
    repeats: 0,
    mostOpen: 0,
    mostOpenSince: 0,
    worked: 0,
    abandoned: 0,
  };
  readonly #faultCounts = { busy: 0, hang: 0, truncate: 0, reset: 0 };
  readonly #overdueMs: number[] = [];
  readonly #callsOf: Record<string, number> = {};

  constructor(options: StubOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = clock.now();
    const { serviceMs, cv, seed, capacity, penalty } = options;
    this.#times = new ServiceTimes(serviceMs, cv, new SeededRandom(seed));
    this.#luck = new SeededRandom(seed + 1);
    this.#worker = new Worker(capacity, penalty, clock);
    this.#faults = options;
  }

  /** B1. It makes no embeddings: preparing an image costs nothing here. */
  get info(): FeatureServerInfo {
    return {
      name: 'overload',
      version: '1',
      models: ['overload'],
      concurrency: this.#options.capacity,
      encode: false,
      cancellable: this.#options.cancellable,
      maxImageBytes: 5 * 1024 * 1024,
    };
  }

  async statistics(): Promise<StubStatistics> {
    const { mostOpenSince } = this.#counts;
    this.#counts.mostOpenSince = this.#open.size;
    return {
      ...this.#counts,
      mostOpenSince,
      open: this.#open.size,
      mostWorking: this.#worker.mostWorking,
      busyMs: this.#worker.busyMs,
      faults: { ...this.#faultCounts },
      overdueMs: [...this.#overdueMs],
      callsOf: { ...this.#callsOf },
    };
  }

  async set(change: Partial<StubOptions>): Promise<void> {
    if (change.capacity !== undefined) this.#worker.setCapacity(change.capacity);
    this.#faults = { ...this.#faults, ...change };
  }

  /** Resolves when the call ends; never when it is left hanging, or cancelled. */
  async serve(
    { prompt, deadlineMs }: Pick<SegmentRequest, 'prompt' | 'deadlineMs'>,
    connection: Connection,
  ): Promise<Ending> {
    this.#count(prompt, connection);
    const arrivedAt = this.#clock.now();
    const fault = pickFault(this.#faults, arrivedAt - this.#startedAt, this.#luck);
    if (fault !== undefined) this.#faultCounts[fault] += 1;
    if (fault === 'busy') return fault;
    if (fault === 'hang') {
      connection.onClose(() => this.#overdueMs.push(this.#clock.now() - arrivedAt - deadlineMs));
      return await new Promise(() => {});
    }
    const { done, stop } = this.#worker.work(this.#times.next());
    if (this.#options.cancellable) connection.onClose(stop);
    await done;
    this.#counts.worked += 1;
    if (connection.closed) this.#counts.abandoned += 1;
    return fault ?? 'answer';
  }

  #count(prompt: SegmentRequest['prompt'], connection: Connection): void {
    const counts = this.#counts;
    counts.calls += 1;
    const name = JSON.stringify(prompt);
    if (this.#asked.has(name)) counts.repeats += 1;
    this.#asked.add(name);
    const object = String(objectOf(prompt.box));
    this.#callsOf[object] = (this.#callsOf[object] ?? 0) + 1;
    this.#open.add(connection);
    connection.onClose(() => this.#open.delete(connection));
    counts.mostOpen = Math.max(counts.mostOpen, this.#open.size);
    counts.mostOpenSince = Math.max(counts.mostOpenSince, this.#open.size);
  }
}
