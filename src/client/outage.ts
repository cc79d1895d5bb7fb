/** What a person does while the gateway is out of reach is sent when it is back. */
import type { Environment } from './environment.ts';
import { MaskwireError } from './maskwire-error.ts';

/** Long enough for a tunnel or a restart; who waited longer has seen that nothing happens. */
const PATIENCE_MS = 60_000;
/** A stream can be fine while requests fail. */
const LOOK_AGAIN_MS = 3_000;

/** Answers of proxies that have lost the gateway, and of one that has lost its storage. */
const AWAY = [502, 503, 504];

/** Nobody has refused anything: the request has met nobody who could take it. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof MaskwireError)) return false;
  return error.code === 'network' || AWAY.includes(error.status);
}

export interface OutageOptions {
  readonly environment: Environment;
  /** Calls `listener` whenever the connection may have become another one, until told otherwise. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly connection: () => 'live' | 'closed' | 'away';
}

/** Sits outages out, for as long as somebody can be expected to wait. */
export class Outage {
  readonly #options: OutageOptions;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /**
   * Runs `action`, which must be safe to repeat, until the gateway has answered it, for a minute from
   * `since` on at most.
   */
  async outlast<Result>(since: number, action: () => Promise<Result>): Promise<Result> {
    const { environment, connection } = this.#options;
    for (;;) {
      try {
        return await action();
      } catch (error) {
        const isOver = environment.now() >= since + PATIENCE_MS || connection() === 'closed';
        if (isOver || !isAway(error)) throw error;
      }
      await this.#change();
    }
  }

  /** Resolves when the connection is live again or closed, or after a while. */
  #change(): Promise<void> {
    const { environment, subscribe, connection } = this.#options;
    const before = connection();
    return new Promise((resolve) => {
      const done = (): void => {
        unsubscribe();
        cancel();
        resolve();
      };
      const unsubscribe = subscribe(() => {
        const present = connection();
        if (present !== before && present !== 'away') done();
      });
      const cancel = environment.after(LOOK_AGAIN_MS, done);
    });
  }
}
