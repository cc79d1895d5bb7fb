/** Things that happen at their times, without promises: some hundred thousand a second. */
export class Timeline {
  now = 0;
  readonly #events: { readonly at: number; readonly order: number; task: () => void }[] = [];
  #order = 0;

  at(time: number, task: () => void): void {
    this.#order += 1;
    const event = { at: Math.max(time, this.now), order: this.#order, task };
    let low = 0;
    let high = this.#events.length;
    // Latest first, so that the next one is taken from the end.
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle];
      if (other !== undefined && isBefore(event, other)) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  /** Plays everything until a time; that is the time afterwards. */
  run(until: number): void {
    for (;;) {
      const next = this.#events.at(-1);
      if (next === undefined || next.at > until) break;
      this.#events.pop();
      this.now = next.at;
      next.task();
    }
    this.now = until;
  }
}

function isBefore(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
