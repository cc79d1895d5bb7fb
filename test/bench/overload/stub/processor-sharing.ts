/**
 * A server that works on all its calls at once (processor sharing), as inference servers do. Up to
 * its capacity every call goes at full speed. Beyond it the calls share what the capacity can do, and
 * each further multiple of the capacity costs a part of that: memory, caches and switching.
 *
 * Pure: time is handed in. Milliseconds throughout.
 */

/** A server that is swamped still ends a call now and then; otherwise a backlog would never end. */
const LEAST_SHARE = 0.05;

/** Work that is as good as done, in milliseconds: the dates that clocks count in are not exact. */
const NOTHING_MS = 0.01;

/**
 * The share of the capacity's throughput that `open` calls at once get done; 1 as long as they do not
 * exceed it. With a penalty of 0.35: 0.65 at twice the capacity, 0.42 at three times.
 */
export function throughputShare(open: number, capacity: number, penalty: number): number {
  if (open <= capacity) return 1;
  return Math.max(LEAST_SHARE, (1 - penalty) ** (open / capacity - 1));
}

export class ProcessorSharing<Call> {
  /** What each call still takes of a server that has nothing else to do. */
  readonly #left = new Map<Call, number>();
  readonly #penalty: number;
  #capacity: number;
  #now: number;
  #busyMs = 0;

  constructor(capacity: number, penalty: number, now = 0) {
    this.#capacity = capacity;
    this.#penalty = penalty;
    this.#now = now;
  }

  get open(): number {
    return this.#left.size;
  }

  /** For how long its places were taken until now, summed over the places. */
  busyMs(now: number): number {
    this.#advance(now);
    return this.#busyMs;
  }

  /** Begins a call that takes `workMs` by itself. */
  add(call: Call, workMs: number, now: number): void {
    this.#advance(now);
    this.#left.set(call, workMs);
  }

  /** Gives a call up. */
  remove(call: Call, now: number): void {
    this.#advance(now);
    this.#left.delete(call);
  }

  setCapacity(capacity: number, now: number): void {
    this.#advance(now);
    this.#capacity = capacity;
  }

  /** Ends and returns the calls whose work is done. */
  finished(now: number): Call[] {
    this.#advance(now);
    const done = [...this.#left].filter(([, left]) => left <= NOTHING_MS).map(([call]) => call);
    for (const call of done) this.#left.delete(call);
    return done;
  }

  /** When the next call ends if nothing changes; `undefined` without calls. */
  nextEnd(): number | undefined {
    if (this.#left.size === 0) return undefined;
    return this.#now + Math.min(...this.#left.values()) / this.#speed();
  }

  /** Of one call, where 1 is that of a call alone. */
  #speed(): number {
    const open = this.#left.size;
    if (open <= this.#capacity) return 1;
    return (throughputShare(open, this.#capacity, this.#penalty) * this.#capacity) / open;
  }

  #advance(now: number): void {
    const passed = Math.max(0, now - this.#now);
    const done = passed * this.#speed();
    this.#busyMs += passed * Math.min(this.open, this.#capacity);
    this.#now += passed;
    for (const [call, left] of this.#left) this.#left.set(call, left - done);
  }
}
