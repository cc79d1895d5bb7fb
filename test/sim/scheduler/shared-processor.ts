import type { SeededRandom } from '../seeded-random.ts';
import type { Timeline } from './timeline.ts';

/** Beyond its capacity a server also does less in total: this much for each multiple of it. */
const PENALTY = 0.35;

interface Job {
  /** Milliseconds that are left at full speed. */
  left: number;
  readonly ended: () => void;
}

/**
 * A server that works on everything at once (processor sharing): up to its capacity each call takes
 * its own time, beyond it all of them take longer, and the sum of what gets done falls.
 */
export class SharedProcessor {
  readonly #time: Timeline;
  readonly #random: SeededRandom;
  readonly #jobs = new Set<Job>();
  #capacity: number;
  #since = 0;
  #generation = 0;
  mostOpen = 0;

  constructor(time: Timeline, random: SeededRandom, capacity: number) {
    this.#time = time;
    this.#random = random;
    this.#capacity = capacity;
  }

  get open(): number {
    return this.#jobs.size;
  }

  setCapacity(capacity: number): void {
    this.#work();
    this.#capacity = capacity;
    this.#plan();
  }

  /** `workMs` is what the call would take alone; the way to close it early. */
  call(workMs: number, ended: () => void): () => void {
    this.#work();
    const job = { left: workMs, ended };
    this.#jobs.add(job);
    this.mostOpen = Math.max(this.mostOpen, this.#jobs.size);
    this.#plan();
    return () => {
      this.#work();
      this.#jobs.delete(job);
      this.#plan();
    };
  }

  /** Around half a second: lognormal, coefficient of variation 0.25. */
  someWork(meanMs = 500): number {
    const sigma = Math.sqrt(Math.log(1 + 0.25 ** 2));
    const [u, v] = [1 - this.#random.uniform(), this.#random.uniform()];
    const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    return meanMs * Math.exp(sigma * normal - (sigma * sigma) / 2);
  }

  get #speed(): number {
    const excess = this.#jobs.size / this.#capacity;
    return excess <= 1 ? 1 : 1 / (excess * (1 + PENALTY * (excess - 1)));
  }

  #work(): void {
    const done = (this.#time.now - this.#since) * this.#speed;
    for (const job of this.#jobs) job.left -= done;
    this.#since = this.#time.now;
  }

  #plan(): void {
    this.#generation += 1;
    const generation = this.#generation;
    let next = Number.POSITIVE_INFINITY;
    for (const job of this.#jobs) next = Math.min(next, job.left);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#time.at(this.#time.now + Math.max(0, next) / this.#speed, () => {
      if (generation === this.#generation) this.#end();
    });
  }

  #end(): void {
    this.#work();
    const over = [...this.#jobs].filter((job) => job.left < 1e-6);
    for (const job of over) this.#jobs.delete(job);
    this.#plan();
    for (const job of over) job.ended();
  }
}
