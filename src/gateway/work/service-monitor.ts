import type { ServiceState } from '../../protocol/events.ts';

/** Failures in a row after which callers are told; one alone is an accident that a retry mends. */
const DEGRADED_AFTER = 3;

/** Judges the feature server by its last answers. */
export class ServiceMonitor {
  readonly #onChange: (state: ServiceState) => void;
  #failures = 0;
  #state: ServiceState = 'ok';

  constructor(onChange: (state: ServiceState) => void) {
    this.#onChange = onChange;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** It answered, be it with a refusal of this very request. */
  succeeded(): void {
    this.#failures = 0;
    this.#set('ok');
  }

  /** It failed, was too busy, or took too long. */
  failed(): void {
    this.#failures += 1;
    if (this.#failures >= DEGRADED_AFTER && this.#state === 'ok') this.#set('degraded');
  }

  /** It does not even say what it is. */
  unreachable(): void {
    this.#set('down');
  }

  #set(state: ServiceState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#onChange(state);
  }
}
