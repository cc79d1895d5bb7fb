import type { ServerId } from '../../core/ids.ts';
import type { FeatureServer, NamedServer } from '../../ports/feature-server.ts';
import type { Clock, Logger, Timer } from '../../ports/system.ts';
import type { WorkQueue } from '../../ports/work-queue.ts';
import type { FeatureServerInfo } from '../../protocol/feature-server.ts';
import type { ServiceMonitor } from './service-monitor.ts';

/** Between two tries to learn what a server is: while there is none, and while others do the work. */
const FIRST_RETRY_MS = 500;
const FURTHER_RETRY_MS = 5_000;

export interface FeatureServersOptions {
  readonly servers: readonly NamedServer[];
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly monitor: ServiceMonitor;
  /** Calls at once in all; what the servers say of themselves when absent (B1). */
  readonly concurrency: number | undefined;
  /** One has said what it is: there may be more to do. */
  readonly found: () => void;
}

interface Known {
  readonly server: FeatureServer;
  /** Until it has answered, the worse is assumed. */
  cancellable: boolean;
  encodes: boolean | undefined;
  /** Calls at once; 0 before it has answered. */
  ceiling: number;
  /** Why it did not answer, as last logged: it is asked twice a second, for as long as it takes. */
  failure: string | undefined;
}

/** The feature servers of this gateway, and what they have said of themselves. */
export class FeatureServers {
  readonly #options: FeatureServersOptions;
  readonly #known: ReadonlyMap<ServerId, Known>;
  readonly #timers = new Map<ServerId, Timer>();
  #stopped = false;

  constructor(options: FeatureServersOptions) {
    this.#options = options;
    this.#known = new Map(
      options.servers.map(({ id, server }) => {
        return [
          id,
          { server, cancellable: false, encodes: undefined, ceiling: 0, failure: undefined },
        ];
      }),
    );
  }

  get ids(): readonly ServerId[] {
    return [...this.#known.keys()];
  }

  /** What one cannot do another one may. */
  get several(): boolean {
    return this.#known.size > 1;
  }

  /** Calls that may be open at once, as far as is known; 0 before any server has answered. */
  get limit(): number {
    let sum = 0;
    for (const { ceiling } of this.#known.values()) sum += ceiling;
    return Math.min(sum, this.#options.concurrency ?? sum);
  }

  /** One that the pool has named; it names none but those that this gateway has told it of. */
  get(id: ServerId): FeatureServer {
    return this.#find(id).server;
  }

  /** It stops working on a call whose connection is closed. */
  isCancellable(id: ServerId): boolean {
    return this.#find(id).cancellable;
  }

  /** Whether it makes embeddings: as it said last, without asking if it has ever said so. */
  async encodes(id: ServerId): Promise<boolean> {
    return this.#find(id).encodes ?? (await this.info(id)).encode;
  }

  /** What it says of itself now, or has said within a minute. */
  async info(id: ServerId): Promise<FeatureServerInfo> {
    const known = this.#find(id);
    const info = await known.server.info();
    known.cancellable = info.cancellable;
    known.encodes = info.encode;
    return info;
  }

  start(): void {
    const { queue, concurrency } = this.#options;
    queue.useServers(this.ids, concurrency);
    for (const id of this.#known.keys()) void this.#learn(id);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #find(id: ServerId): Known {
    const known = this.#known.get(id);
    if (known === undefined) throw new Error(`there is no feature server ${id}`);
    return known;
  }

  async #learn(id: ServerId): Promise<void> {
    const { clock, monitor, log, queue, found } = this.#options;
    const known = this.#find(id);
    try {
      const info = await this.info(id);
      const ceiling = this.#ceilingOf(info.concurrency);
      known.ceiling = ceiling;
      known.failure = undefined;
      await queue.setCeiling(ceiling, undefined, id);
      monitor.reached();
      log.info('feature server found', {
        server: id,
        name: info.name,
        models: info.models,
        concurrency: ceiling,
      });
      found();
    } catch (error) {
      if (this.#stopped) return;
      if (this.limit === 0) monitor.unreachable();
      const message = error instanceof Error ? error.message : 'unknown';
      if (message !== known.failure) {
        log.error('the feature server does not answer', { server: id, error: message });
      }
      known.failure = message;
      const inMs = this.limit === 0 ? FIRST_RETRY_MS : FURTHER_RETRY_MS;
      this.#timers.set(
        id,
        clock.after(inMs, () => void this.#learn(id)),
      );
    }
  }

  /** What is configured is for all of them: a single one is believed less than its operator. */
  #ceilingOf(said: number): number {
    const { concurrency } = this.#options;
    if (concurrency === undefined) return said;
    return this.several ? Math.min(said, concurrency) : concurrency;
  }
}
