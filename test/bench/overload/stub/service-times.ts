import type { SeededRandom } from '../../../sim/seeded-random.ts';

/** Calls after which the times drawn have exactly the mean that was asked for. */
const DECK = 64;

/**
 * Lognormal service times of a mean and a coefficient of variation, dealt from shuffled decks of the
 * distribution's quantiles: a short run has the same mean as a long one, so that what it measures is
 * the discipline and not the luck of the draw.
 */
export class ServiceTimes {
  readonly #random: SeededRandom;
  readonly #quantiles: readonly number[];
  #deck: number[] = [];

  constructor(meanMs: number, cv: number, random: SeededRandom) {
    this.#random = random;
    this.#quantiles = lognormalQuantiles(meanMs, cv);
  }

  next(): number {
    if (this.#deck.length === 0) this.#deck = [...this.#quantiles];
    const [time] = this.#deck.splice(this.#random.below(this.#deck.length), 1);
    return time ?? 0;
  }
}

function lognormalQuantiles(meanMs: number, cv: number): number[] {
  const sigma = Math.sqrt(Math.log(1 + cv * cv));
  const raw = Array.from({ length: DECK }, (_, index) =>
    Math.exp(sigma * standardNormalQuantile((index + 0.5) / DECK)),
  );
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => (value * meanMs * DECK) / sum);
}

/** By bisection of the distribution function: exact enough, and called 64 times. */
function standardNormalQuantile(share: number): number {
  let low = -8;
  let high = 8;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (standardNormalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The share of a standard normal below `x`: Marsaglia, "Evaluating the Normal Distribution", 2004. */
function standardNormalShare(x: number): number {
  let term = x;
  let sum = x;
  for (let index = 3; Math.abs(term) > 1e-16; index += 2) {
    term *= (x * x) / index;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
