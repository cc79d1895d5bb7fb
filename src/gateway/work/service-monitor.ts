import type { ServerHealth } from '../../core/burst/server-control.ts';
import { healthOfAll } from '../../core/burst/server-control.ts';
import type { ServiceState } from '../../protocol/events.ts';

export interface ServiceListener {
  /** What callers are told is another now. */
  changed(state: ServiceState): void;
  /** The nth server is so from now on; told once of each at the beginning. */
  serverChanged(n: number, health: ServerHealth): void;
}

/** What callers are told of the feature servers: the same on all gateways, since the pool judges them. */
export class ServiceMonitor {
  readonly #listener: ServiceListener;
  #isReached = true;
  #healths: readonly ServerHealth[] = [];
  #told: ServiceState = 'ok';

  constructor(listener: ServiceListener) {
    this.#listener = listener;
  }

  get state(): ServiceState {
    if (!this.#isReached) return 'down';
    return this.#healths.length === 0 ? 'ok' : healthOfAll(this.#healths);
  }

  /** Of each server, as far as the pool has told. */
  get healths(): readonly ServerHealth[] {
    return this.#healths;
  }

  /** What the pool says of each server. */
  learn(healths: readonly ServerHealth[]): void {
    const before = this.#healths;
    this.#healths = healths;
    for (const [n, health] of healths.entries()) {
      if (before[n] !== health) this.#listener.serverChanged(n, health);
    }
    this.#tell();
  }

  /** One has said what it is. */
  reached(): void {
    this.#isReached = true;
    this.#tell();
  }

  /** None of them even says what it is. */
  unreachable(): void {
    this.#isReached = false;
    this.#tell();
  }

  #tell(): void {
    if (this.state === this.#told) return;
    this.#told = this.state;
    this.#listener.changed(this.state);
  }
}
