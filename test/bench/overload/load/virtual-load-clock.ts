import type { VirtualClock } from '../../../sim/virtual-clock.ts';
import type { LoadClock } from './load-clock.ts';

/** A virtual clock, counted from the beginning of the load. */
export class VirtualLoadClock implements LoadClock {
  readonly speed = 1;
  readonly #clock: VirtualClock;
  #origin = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.start();
  }

  start(): void {
    this.#origin = this.#clock.now();
  }

  now(): number {
    return this.#clock.now() - this.#origin;
  }

  async until(modelMs: number): Promise<void> {
    const left = modelMs - this.now();
    if (left > 0) await this.#clock.sleep(left);
  }
}
