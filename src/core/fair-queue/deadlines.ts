import type { Slot } from './slot.ts';

/**
 * Finds what has waited for too long. Looks through everything only when the earliest deadline has
 * come; most clicks are served long before theirs.
 */
export class Deadlines<Value> {
  readonly #slots: ReadonlyMap<string, Slot<Value>>;
  /** No deadline of anything that waits is earlier. */
  #notBefore = Number.POSITIVE_INFINITY;

  constructor(slots: ReadonlyMap<string, Slot<Value>>) {
    this.#slots = slots;
  }

  /** It begins to wait. */
  watch({ item }: Slot<Value>): void {
    this.#notBefore = Math.min(this.#notBefore, item.deadline ?? this.#notBefore);
  }

  /** The one that waits in vain since the earliest time, if any does now. */
  overdue(now: number): Slot<Value> | undefined {
    if (now < this.#notBefore) return undefined;
    const first = this.#first();
    this.#notBefore = deadlineOf(first);
    return now < this.#notBefore ? undefined : first;
  }

  /** The earliest deadline of anything that waits. */
  next(): number {
    if (this.#notBefore !== Number.POSITIVE_INFINITY) this.#notBefore = deadlineOf(this.#first());
    return this.#notBefore;
  }

  #first(): Slot<Value> | undefined {
    let first: Slot<Value> | undefined;
    for (const slot of this.#slots.values()) {
      if (slot.lease === undefined && isBefore(slot, first)) first = slot;
    }
    return first;
  }
}

const deadlineOf = (slot: Slot<unknown> | undefined) =>
  slot?.item.deadline ?? Number.POSITIVE_INFINITY;

function isBefore<Value>(slot: Slot<Value>, other: Slot<Value> | undefined): boolean {
  const [own, others] = [deadlineOf(slot), deadlineOf(other)];
  if (other === undefined || own !== others) return own < others;
  return slot.item.deadline !== undefined && slot.item.key < other.item.key;
}
