import { MemoryWorkQueue } from '../../src/adapters/memory/work-queue.ts';
import type { WorkQueue } from '../../src/ports/work-queue.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A pool that can lose everything, as one in Redis does with its primary or its keys. */
export class LosableQueue {
  /** The pool as gateways see it. */
  readonly port: WorkQueue;
  readonly #clock: VirtualClock;
  readonly #leaseMs: number;
  readonly #listeners = new Set<() => void>();
  #queue: MemoryWorkQueue;
  #limit: number;
  #closedUntil = 0;

  constructor(clock: VirtualClock, limit: number, leaseMs: number) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#limit = limit;
    this.#queue = this.#open(limit);
    const own: Partial<WorkQueue> = {
      setCeiling: async (wanted, atLeast) => {
        this.#limit = wanted;
        if (this.#clock.now() >= this.#closedUntil) await this.#queue.setCeiling(wanted, atLeast);
      },
      onAvailable: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    this.port = new Proxy(this.#queue as WorkQueue, {
      get: (_, name) => {
        if (Reflect.has(own, name)) return Reflect.get(own, name);
        const method: unknown = Reflect.get(this.#queue, name);
        return typeof method === 'function' ? method.bind(this.#queue) : method;
      },
    });
  }

  /** Forgets all tokens and leases; until the calls of those have ended, gives no new ones (B6). */
  lose(): void {
    const queue = this.#open(0);
    this.#queue = queue;
    this.#closedUntil = this.#clock.now() + this.#leaseMs;
    this.#clock.after(this.#leaseMs, () => void queue.setCeiling(this.#limit));
  }

  #open(limit: number): MemoryWorkQueue {
    const queue = new MemoryWorkQueue(limit);
    queue.onAvailable(() => {
      for (const listener of [...this.#listeners]) listener();
    });
    return queue;
  }
}
