/** Long enough for a click to be written down; a gateway that dies meanwhile leaves no more behind. */
const RESERVED_MS = 2_000;

/**
 * Items that were admitted and are not there yet. They count as there, so that many gateways that
 * ask at the same moment are not all told that the queue is empty.
 */
export class Reservations {
  /** Until when, by key; oldest first. */
  readonly #until = new Map<string, number>();

  /** Those that still count. */
  count(now: number): number {
    for (const [key, until] of this.#until) {
      if (now < until) break;
      this.#until.delete(key);
    }
    return this.#until.size;
  }

  has(key: string): boolean {
    return this.#until.has(key);
  }

  add(key: string, now: number): void {
    this.#until.delete(key);
    this.#until.set(key, now + RESERVED_MS);
  }

  /** It is there. */
  remove(key: string): void {
    this.#until.delete(key);
  }
}
