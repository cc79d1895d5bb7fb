import { safely } from '../safely.ts';

/** Between two looks, however many ask for one. */
const MIN_GAP_MS = 200;

/** Looks again and again, one look at a time, and tells when something has changed. */
export class Lookout implements Disposable {
  readonly #look: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<() => void>();
  #looking: Promise<void> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #ended = false;

  /** `look` never rejects. */
  constructor(look: () => Promise<void>, everyMs: number) {
    this.#look = look;
    this.#timer = setInterval(() => void this.refresh(), everyMs);
    this.#timer.unref();
  }

  /** Resolves when a look has ended that began after the call, or the one under way. */
  refresh(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) safely(listener);
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  async #lookOnce(): Promise<void> {
    const gap = this.#lookedAt + MIN_GAP_MS - performance.now();
    if (gap > 0) await new Promise((resolve) => setTimeout(resolve, gap));
    if (this.#ended) return;
    await this.#look();
    this.#lookedAt = performance.now();
  }
}
