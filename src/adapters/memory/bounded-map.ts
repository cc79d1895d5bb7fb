/** A map that forgets what was set first when it would grow beyond its bounds. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>();
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  readonly #weigh: (value: Value) => number;
  #weight = 0;

  constructor(
    maxEntries: number,
    maxWeight = Number.POSITIVE_INFINITY,
    weigh: (value: Value) => number = () => 0,
  ) {
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** Sets as the newest entry; what had to be forgotten for it, oldest first. */
  set(key: Key, value: Value): readonly (readonly [Key, Value])[] {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(value);
    const forgotten: (readonly [Key, Value])[] = [];
    for (const oldest of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && this.#weight <= this.#maxWeight) break;
      this.delete(oldest[0]);
      forgotten.push(oldest);
    }
    return forgotten;
  }

  delete(key: Key): boolean {
    const value = this.#entries.get(key);
    if (value === undefined) return false;
    this.#weight -= this.#weigh(value);
    return this.#entries.delete(key);
  }

  keys(): IterableIterator<Key> {
    return this.#entries.keys();
  }
}
