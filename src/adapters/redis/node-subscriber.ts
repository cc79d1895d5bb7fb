import type { Redis } from 'ioredis';
import type { ClientSettings } from './client-options.ts';
import { clientOptions, reconnectDelay } from './client-options.ts';
import { LinkLost } from './failure.ts';
import { GatheringClient } from './gathering-client.ts';
import type { RedisNode } from './redis-node.ts';

/** Between two questions whether an otherwise silent connection is alive, and still to a primary. */
const PROBE_MS = 4_000;

export interface NodeSubscriberEvents {
  readonly message: (channel: string, text: string) => void;
  /** There is a connection, on which nothing is subscribed yet. */
  readonly ready: () => void;
  readonly lost: () => void;
  /** The server has ended subscriptions by itself, since it does not hold their slots any more. */
  readonly dropped: () => void;
  /** The server is not a primary any more. */
  readonly demoted: () => void;
}

/**
 * The connection that listens to one server. It connects again by itself; an idle one is probed, so
 * that one that is half open is noticed within `PROBE_MS + silenceMs`, and one that hangs on a former
 * primary within `PROBE_MS`.
 */
export class NodeSubscriber implements Disposable {
  readonly node: RedisNode;
  readonly #client: Redis;
  readonly #events: NodeSubscriberEvents;
  readonly #probe: NodeJS.Timeout;
  #attempts = 0;

  constructor(settings: ClientSettings, events: NodeSubscriberEvents) {
    this.node = settings.node;
    this.#events = events;
    const retryStrategy = () => {
      this.#attempts += 1;
      return reconnectDelay(this.#attempts);
    };
    this.#client = new GatheringClient({ ...clientOptions(settings), retryStrategy });
    // Told by the link that gives commands; here it only must not end the process.
    this.#client.on('error', () => undefined);
    this.#client.on('ready', () => {
      void this.#ask();
      events.ready();
    });
    this.#client.on('close', events.lost);
    this.#client.on('moved', events.dropped);
    this.#client.on('smessage', events.message);
    this.#probe = setInterval(() => void this.#ask(), PROBE_MS);
    this.#probe.unref();
  }

  get isReady(): boolean {
    return this.#client.status === 'ready';
  }

  /** Resolves when the server has confirmed it. */
  async subscribe(channel: string): Promise<void> {
    if (!this.isReady) throw new LinkLost('not connected');
    await this.#client.ssubscribe(channel);
  }

  unsubscribe(channel: string): void {
    if (this.isReady) this.#client.sunsubscribe(channel).catch(() => undefined);
  }

  reconnect(): void {
    this.#client.disconnect(true);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#probe);
    this.#client.disconnect();
  }

  async #ask(): Promise<void> {
    if (!this.isReady) return;
    try {
      const [role] = await this.#client.role();
      if (role === 'master') this.#attempts = 0;
      else this.#events.demoted();
    } catch {
      // The connection is closed by its time limit, or has been.
    }
  }
}
