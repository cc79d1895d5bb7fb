import { ProcessorSharing } from './processor-sharing.ts';

/** The model of {@link ProcessorSharing} on the machine's clock: a promise for the end of each call. */
export class Worker {
  readonly #sharing: ProcessorSharing<() => void>;
  #timer: NodeJS.Timeout | undefined;
  mostWorking = 0;

  constructor(capacity: number, penalty: number) {
    this.#sharing = new ProcessorSharing(capacity, penalty);
  }

  /** Resolves when the work is done, whoever still waits for it. */
  work(workMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sharing.add(resolve, workMs, performance.now());
    this.mostWorking = Math.max(this.mostWorking, this.#sharing.open);
    this.#wait();
    return promise;
  }

  setCapacity(capacity: number): void {
    this.#sharing.setCapacity(capacity, performance.now());
    this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const end = this.#sharing.nextEnd();
    if (end === undefined) return;
    this.#timer = setTimeout(() => this.#finish(), end - performance.now());
  }

  #finish(): void {
    for (const resolve of this.#sharing.finished(performance.now())) resolve();
    this.#wait();
  }
}
