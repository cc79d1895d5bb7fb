/**
 * Time as the cases mean it: milliseconds since the load began, `speed` times as fast as the
 * machine's. What is written in cases, records and figures is always this time.
 */
export class ModelClock {
  readonly speed: number;
  #origin = performance.now();

  constructor(speed: number) {
    this.speed = speed;
  }

  /** Now is zero. */
  start(): void {
    this.#origin = performance.now();
  }

  now(): number {
    return (performance.now() - this.#origin) * this.speed;
  }

  /** The machine's milliseconds for a span of the model. */
  real(modelMs: number): number {
    return modelMs / this.speed;
  }

  /** At once when the time has passed. */
  async until(modelMs: number): Promise<void> {
    const left = this.real(modelMs - this.now());
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
  }
}
