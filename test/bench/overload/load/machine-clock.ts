import type { LoadClock } from './load-clock.ts';

/** The machine's time, or that many times as fast. */
export class MachineClock implements LoadClock {
  readonly speed: number;
  #origin = performance.now();

  constructor(speed: number) {
    this.speed = speed;
  }

  start(): void {
    this.#origin = performance.now();
  }

  now(): number {
    return (performance.now() - this.#origin) * this.speed;
  }

  async until(modelMs: number): Promise<void> {
    const left = (modelMs - this.now()) / this.speed;
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  }
}
