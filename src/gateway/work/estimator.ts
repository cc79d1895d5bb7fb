/** How much a new measurement counts against the ones before it. */
const WEIGHT = 0.2;

/** What is assumed before the first call has ended: the figure that feature servers are known for. */
const INITIAL_MS = 500;

/** Predicts waits from the mean time of recent calls and the places that there are. */
export class Estimator {
  #meanMs = INITIAL_MS;
  #measured = false;

  /** A call that brought a mask took this long. */
  record(durationMs: number): void {
    this.#meanMs = this.#measured
      ? this.#meanMs + WEIGHT * (durationMs - this.#meanMs)
      : durationMs;
    this.#measured = true;
  }

  /** Time until a token starts that has `ahead` tokens before it, waiting or under way. */
  waitMs(ahead: number, limit: number): number {
    const rounds = Math.max(0, ahead + 1 - limit) / Math.max(1, limit);
    return Math.round(rounds * this.#meanMs);
  }

  /** Time until its mask is there. */
  etaMs(ahead: number, limit: number): number {
    return this.waitMs(ahead, limit) + Math.round(this.#meanMs);
  }
}
