/** Bounds what sessions that come once and never again can make a queue remember of them. */
const MAX_REMEMBERED_SESSIONS = 65_536;
/** Below this, looking for sessions to forget costs more than remembering them. */
const SWEEP_FROM = 1_024;

/**
 * Whose turn it is, by start-time fair queueing: every piece of work is tagged with the later of the
 * virtual time and the end of its session's piece before; the smallest tag is served first, and the
 * virtual time follows the tags served. A session that was idle starts at the present, it saves up
 * nothing; one that asks much falls behind by exactly what it asks.
 *
 * Source: P. Goyal, H. Vin, H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996. A piece of work costs its
 * session 1 over the weight of the session, in units that make that a whole number.
 */
export class Turns {
  #virtualTime = 0;
  #sweepAt = SWEEP_FROM;
  /** Where each session's next piece starts at the earliest; oldest use first. */
  readonly #next = new Map<string, number>();

  /** Tags a piece of work of the session, which costs it as much. */
  take(session: string, cost: number): number {
    const tag = this.preview(session);
    this.#next.delete(session);
    this.#next.set(session, tag + cost);
    if (this.#next.size > this.#sweepAt) this.#sweep();
    return tag;
  }

  /** The tag that the session's next piece would get. */
  preview(session: string): number {
    return Math.max(this.#virtualTime, this.#next.get(session) ?? 0);
  }

  /** Work of this tag is being served. Never turns time back: blocked work may be served late. */
  served(tag: number): void {
    this.#virtualTime = Math.max(this.#virtualTime, tag);
  }

  /** Nobody waits and nothing is served: everybody is equal again. */
  reset(): void {
    this.#next.clear();
    this.#sweepAt = SWEEP_FROM;
  }

  /** Sessions that are remembered; for tests of the bound. */
  get remembered(): number {
    return this.#next.size;
  }

  /** A session whose next piece would start in the past is as good as one never seen. */
  #sweep(): void {
    for (const [session, next] of this.#next) {
      if (next <= this.#virtualTime) this.#next.delete(session);
    }
    // Half at once, so that a full memory does not cost a look through all of it every time.
    for (const longestIdle of this.#next.keys()) {
      if (this.#next.size <= MAX_REMEMBERED_SESSIONS / 2) break;
      this.#next.delete(longestIdle);
    }
    this.#sweepAt = Math.max(SWEEP_FROM, this.#next.size * 2);
  }
}
