import type { Engine } from '../ports/engine.ts';
import type { Logger } from '../ports/system.ts';

export interface StorageListener {
  /** The storage takes commands again, or does not any more. */
  changed(available: boolean): void;
  /** It takes commands at this moment; called after every look that found it so. */
  reachable(): void;
}

/**
 * Asks the storage from time to time whether it takes commands. One question for all who wait for it,
 * so that an outage costs the same whatever the number of readers.
 */
export class StorageMonitor {
  readonly #engine: Engine;
  readonly #log: Logger;
  readonly #listener: StorageListener;
  #available = true;

  constructor(engine: Engine, log: Logger, listener: StorageListener) {
    this.#engine = engine;
    this.#log = log;
    this.#listener = listener;
  }

  /** One look. Never rejects. */
  async check(): Promise<void> {
    try {
      await this.#engine.ready();
    } catch (error) {
      this.#become(false, error);
      return;
    }
    this.#become(true);
    this.#listener.reachable();
  }

  #become(available: boolean, error?: unknown): void {
    if (available === this.#available) return;
    this.#available = available;
    const reason = error instanceof Error ? error.message : 'unknown';
    if (available) this.#log.info('the storage is back');
    else this.#log.warn('the storage cannot be reached', { error: reason });
    this.#listener.changed(available);
  }
}
