import type { Reader } from './reader.ts';

/** How many of them read at once when the storage is back: it has others to serve, too. */
const AT_ONCE = 32;

/**
 * Readers that lost the storage while they read. They keep their streams, cost nothing meanwhile, and
 * go on where they stand when somebody has seen that the storage is back.
 */
export class StrandedReaders {
  readonly #readers = new Set<Reader>();
  #resuming = false;

  add(reader: Reader): void {
    this.#readers.add(reader);
  }

  delete(reader: Reader): void {
    this.#readers.delete(reader);
  }

  /** Lets them read again, some at a time; gives up as soon as the storage is lost again. */
  async resume(): Promise<void> {
    if (this.#resuming) return;
    this.#resuming = true;
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#resumeInTurn()));
    } finally {
      this.#resuming = false;
    }
  }

  async #resumeInTurn(): Promise<void> {
    for (const reader of this.#readers) {
      this.#readers.delete(reader);
      await reader.resume();
      if (this.#readers.has(reader)) return;
    }
  }
}
