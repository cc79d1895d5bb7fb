import { MemoryWorkQueue } from '../../src/adapters/memory/work-queue.ts';
import type { ServerId } from '../../src/core/ids.ts';
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
  /** What gateways have said last, of each server. */
  readonly #ceilings = new Map<ServerId | undefined, number>();
  #servers: Parameters<WorkQueue['useServers']> | undefined;
  #closedUntil = 0;

  constructor(clock: VirtualClock, limit: number, leaseMs: number) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#queue = this.#open(limit);
    const own: Partial<WorkQueue> = {
      useServers: (...servers) => {
        this.#servers = servers;
        this.#queue.useServers(...servers);
      },
      setCeiling: async (wanted, atLeast, server) => {
        this.#ceilings.set(server, wanted);
        if (this.#clock.now() < this.#closedUntil) return;
        await this.#queue.setCeiling(wanted, atLeast, server);
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
    this.#clock.after(this.#leaseMs, () => {
      for (const [server, ceiling] of this.#ceilings) {
        void queue.setCeiling(ceiling, undefined, server);
      }
    });
  }

  #open(limit: number): MemoryWorkQueue {
    const queue = new MemoryWorkQueue(limit);
    if (this.#servers !== undefined) queue.useServers(...this.#servers);
    queue.onAvailable(() => {
      for (const listener of [...this.#listeners]) listener();
    });
    return queue;
  }
}
