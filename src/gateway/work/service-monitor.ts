import type { ServiceState } from '../../protocol/events.ts';

/** What callers are told of the feature server: the same on all gateways, since the pool judges it. */
export class ServiceMonitor {
  readonly #onChange: (state: ServiceState) => void;
  #isReached = true;
  #health: ServiceState = 'ok';
  #told: ServiceState = 'ok';

  constructor(onChange: (state: ServiceState) => void) {
    this.#onChange = onChange;
  }

  get state(): ServiceState {
    return this.#isReached ? this.#health : 'down';
  }

  /** What the pool says. */
  learn(health: ServiceState): void {
    this.#health = health;
    this.#tell();
  }

  /** It has said what it is. */
  reached(): void {
    this.#isReached = true;
    this.#tell();
  }

  /** It does not even say what it is. */
  unreachable(): void {
    this.#isReached = false;
    this.#tell();
  }

  #tell(): void {
    if (this.state === this.#told) return;
    this.#told = this.state;
    this.#onChange(this.state);
  }
}
