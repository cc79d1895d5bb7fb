import { beforeSending } from './turn-end.ts';

/** Bounds how long one command keeps Redis busy. */
const MOST_AT_ONCE = 16;

interface Batch<Item, Result> {
  readonly items: Item[];
  readonly given: PromiseWithResolvers<readonly Result[]>;
}

/**
 * Gives what is asked of one key in one turn of the event loop as one command: clicks come in bursts,
 * and most of what a script costs it costs once, whatever it is asked for.
 */
export class TurnBatch<Item, Result> {
  readonly #give: (key: string, items: readonly Item[]) => Promise<readonly Result[]>;
  readonly #open = new Map<string, Batch<Item, Result>>();

  /** `give` tells the result of each item, in their order. */
  constructor(give: (key: string, items: readonly Item[]) => Promise<readonly Result[]>) {
    this.#give = give;
  }

  /** Fails with all that are given together. */
  async ask(key: string, item: Item): Promise<Result> {
    const { items, given } = this.#batch(key);
    const index = items.push(item) - 1;
    const result = (await given.promise)[index];
    if (result === undefined) throw new Error(`no result for item ${index} of ${items.length}`);
    return result;
  }

  #batch(key: string): Batch<Item, Result> {
    const open = this.#open.get(key);
    if (open !== undefined && open.items.length < MOST_AT_ONCE) return open;
    const batch: Batch<Item, Result> = { items: [], given: Promise.withResolvers() };
    this.#open.set(key, batch);
    beforeSending(() => {
      if (this.#open.get(key) === batch) this.#open.delete(key);
      this.#give(key, batch.items).then(batch.given.resolve, batch.given.reject);
    });
    return batch;
  }
}
