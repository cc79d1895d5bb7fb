import { waitMs } from '../burst/server-control.ts';
import type { ServerSet } from '../burst/server-set.ts';

/** Long enough for a click to be written down; a gateway that dies meanwhile leaves no more behind. */
const RESERVED_MS = 2_000;

export interface AdmissionTerms {
  readonly now: number;
  readonly maxWaitMs: number;
}

/** Lets new items in, as long as they will be served in time (A14). */
export class Admission {
  readonly #servers: ServerSet;
  /**
   * Items that were let in and are not there yet: until when they count, by key, oldest first. They
   * count as there, so that many gateways that ask at the same moment are not all told that the queue
   * is empty.
   */
  readonly #expected = new Map<string, number>();

  constructor(servers: ServerSet) {
    this.#servers = servers;
  }

  /**
   * Lets one in behind `before` others, or tells how long it would take when that is too long. Waits
   * for many calls are as long as these are on average; its own call may be a slow one, and being late
   * costs more than being refused.
   */
  ask(
    { key, deadline }: { readonly key: string; readonly deadline?: number | undefined },
    before: number,
    { now, maxWaitMs }: AdmissionTerms,
  ): { readonly etaMs: number } | undefined {
    this.#expected.delete(key);
    const ahead = before + this.#countExpected(now);
    const { places, highMs, meanMs } = this.#servers.foreseen;
    const wait = waitMs(ahead, places, meanMs);
    const inTime = deadline === undefined || now + wait + highMs <= deadline;
    // What is next is let in whatever is thought of calls: otherwise nobody would ever learn better.
    if (ahead > 0 && (wait > maxWaitMs || !inTime)) return { etaMs: Math.round(wait + meanMs) };
    this.#expected.set(key, now + RESERVED_MS);
    return undefined;
  }

  /** It is there, or nobody waits for it any more. */
  arrived(key: string): void {
    this.#expected.delete(key);
  }

  #countExpected(now: number): number {
    for (const [key, until] of this.#expected) {
      if (now < until) break;
      this.#expected.delete(key);
    }
    return this.#expected.size;
  }
}
