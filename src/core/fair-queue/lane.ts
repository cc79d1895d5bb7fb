import { Turns } from './turns.ts';

/** A piece of work with its place in a lane. */
export interface Placed {
  /** Turn of its session; see {@link Turns}. */
  tag: number;
  /** Order of arrival, which decides between equal tags. */
  order: number;
}

const before = (a: Placed, b: Placed) => a.tag < b.tag || (a.tag === b.tag && a.order < b.order);

/**
 * Work of one urgency, in turn. Each lane counts turns for itself, so that ten images waiting to be
 * prepared do not set their session's clicks back by ten turns.
 */
export class Lane<Entry extends Placed> {
  readonly #entries: Entry[] = [];
  readonly #turns = new Turns();

  get size(): number {
    return this.#entries.length;
  }

  /** At the tail of the session's turns. */
  add(entry: Entry, session: string, order: number, cost: number): void {
    entry.tag = this.#turns.take(session, cost);
    entry.order = order;
    this.#entries.splice(this.indexOf(entry), 0, entry);
  }

  /** The entry is waiting here. */
  remove(entry: Entry): void {
    this.#entries.splice(this.indexOf(entry), 1);
  }

  /** Takes the first entry that may be served. */
  serve(mayStart: (entry: Entry) => boolean): Entry | undefined {
    const index = this.#entries.findIndex(mayStart);
    const [entry] = index < 0 ? [] : this.#entries.splice(index, 1);
    if (entry !== undefined) this.#turns.served(entry.tag);
    return entry;
  }

  some(matches: (entry: Entry) => boolean): boolean {
    return this.#entries.some(matches);
  }

  /** Entries that are served before this one; where it would stand if it is not here. */
  indexOf(entry: Placed): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#entries[middle];
      if (other !== undefined && before(other, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The turn that the session's next entry would take. */
  nextTag(session: string): number {
    return this.#turns.preview(session);
  }

  /** Entries that would be served before one that the session added now. */
  preview(session: string): number {
    return this.indexOf({ tag: this.#turns.preview(session), order: Number.POSITIVE_INFINITY });
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** Forgets whose turn it was; for an empty queue. */
  reset(): void {
    this.#turns.reset();
  }
}
