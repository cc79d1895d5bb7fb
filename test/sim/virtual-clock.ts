import type { Clock, Timer } from '../../src/ports/system.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/** Time that moves only when everything that can happen now has happened. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #heap: Entry[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): Timer {
    this.#order += 1;
    const entry: Entry = { at: this.#now + Math.max(0, ms), order: this.#order, task };
    this.#push(entry);
    return {
      cancel: () => {
        entry.task = undefined;
      },
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Runs timers in order until `until` is true or the time is over; false in the latter case. */
  async run(untilMs: number, until: () => boolean = () => false): Promise<boolean> {
    const end = this.#now + untilMs;
    for (;;) {
      await settled();
      if (until()) return true;
      const next = this.#pop(end);
      if (next === undefined) {
        this.#now = end;
        return until();
      }
      this.#now = Math.max(this.#now, next.at);
      next.task?.();
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    heap.push(entry);
    let index = heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(heap[index], heap[parent])) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #pop(end: number): Entry | undefined {
    const heap = this.#heap;
    for (;;) {
      const first = heap[0];
      if (first === undefined || first.at > end) return undefined;
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) {
        heap[0] = last;
        this.#sink();
      }
      if (first.task !== undefined) return first;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = before(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!before(heap[child], heap[index])) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #swap(left: number, right: number): void {
    const heap = this.#heap;
    const [a, b] = [heap[left], heap[right]];
    if (a === undefined || b === undefined) return;
    heap[left] = b;
    heap[right] = a;
  }
}

function before(left: Entry | undefined, right: Entry | undefined): boolean {
  if (left === undefined || right === undefined) return left !== undefined && right === undefined;
  return left.at === right.at ? left.order < right.order : left.at < right.at;
}

/** Resolves after every promise that can settle without time passing has settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
