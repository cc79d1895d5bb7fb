import type { Clock, Timer } from '../../../../src/ports/system.ts';
import { ProcessorSharing } from './processor-sharing.ts';

/** The model of {@link ProcessorSharing} on a clock: a promise for the end of each call's work. */
export class Worker {
  readonly #clock: Clock;
  readonly #sharing: ProcessorSharing<PromiseWithResolvers<void>>;
  #timer: Timer | undefined;
  mostWorking = 0;

  constructor(capacity: number, penalty: number, clock: Clock) {
    this.#clock = clock;
    this.#sharing = new ProcessorSharing(capacity, penalty, clock.now());
  }

  /** For how long its places were taken, summed over the places, in milliseconds. */
  get busyMs(): number {
    return this.#sharing.busyMs(this.#clock.now());
  }

  /** `done` resolves when the work is done, whoever still waits for it; never after `stop`. */
  work(workMs: number): { readonly done: Promise<void>; readonly stop: () => void } {
    const work = Promise.withResolvers<void>();
    this.#sharing.add(work, workMs, this.#clock.now());
    this.mostWorking = Math.max(this.mostWorking, this.#sharing.open);
    this.#wait();
    const stop = () => {
      this.#sharing.remove(work, this.#clock.now());
      this.#wait();
    };
    return { done: work.promise, stop };
  }

  setCapacity(capacity: number): void {
    this.#sharing.setCapacity(capacity, this.#clock.now());
    this.#wait();
  }

  #wait(): void {
    this.#timer?.cancel();
    const end = this.#sharing.nextEnd();
    if (end === undefined) return;
    this.#timer = this.#clock.after(end - this.#clock.now(), () => this.#finish());
  }

  #finish(): void {
    for (const { resolve } of this.#sharing.finished(this.#clock.now())) resolve();
    this.#wait();
  }
}
