import { isStorageLost } from '../core/problem.ts';
import type { Clock, Logger, Timer } from '../ports/system.ts';

export interface Chore {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<void>;
}

/** Background work at intervals; a chore never overlaps itself and its failure stops nothing. */
export class Chores {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #chores: readonly Chore[];
  readonly #timers = new Map<Chore, Timer>();
  #stopped = false;

  constructor(clock: Clock, log: Logger, chores: readonly Chore[]) {
    this.#clock = clock;
    this.#log = log;
    this.#chores = chores;
  }

  start(): void {
    for (const chore of this.#chores) this.#schedule(chore);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #schedule(chore: Chore): void {
    if (this.#stopped) return;
    this.#timers.set(
      chore,
      this.#clock.after(chore.everyMs, () => void this.#run(chore)),
    );
  }

  async #run(chore: Chore): Promise<void> {
    try {
      await chore.run();
    } catch (error) {
      // Said once, by whoever watches the storage.
      if (!isStorageLost(error)) this.#report(chore, error);
    }
    this.#schedule(chore);
  }

  #report(chore: Chore, error: unknown): void {
    const message = error instanceof Error ? error.message : 'unknown';
    this.#log.error('a chore failed', { chore: chore.name, error: message });
  }
}
