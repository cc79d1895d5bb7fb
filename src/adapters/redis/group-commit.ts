import { storageUnavailable } from './failure.ts';

export interface GroupCommitOptions {
  /** Commits what was written before the call; false when the key is where it never was written. */
  readonly isCommitted: (key: string) => Promise<boolean>;
  /** Nobody waits any more. */
  readonly onIdle: () => void;
}

interface Waiter {
  readonly key: string;
  /** Another one's key has led elsewhere once. */
  readonly again: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One commit at a time, each for everybody who came until it began; who comes meanwhile shares the next
 * one (DeWitt et al. 1984, "Implementation techniques for main memory database systems").
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiter[] = [];
  #running = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /**
   * Resolves when what was written before the call is committed. Rejects with what the commit rejected
   * with, or with `storage_unavailable` when it was not written where it is looked for now.
   */
  confirm(key: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ key, again: false, resolve, reject });
    if (!this.#running) void this.#run();
    return promise;
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (;;) {
      const [first, ...others] = this.#waiting;
      if (first === undefined) break;
      this.#waiting = [];
      await this.#commit(first, others);
    }
    this.#running = false;
    this.#options.onIdle();
  }

  async #commit(first: Waiter, others: readonly Waiter[]): Promise<void> {
    try {
      if (await this.#options.isCommitted(first.key)) {
        for (const waiter of [first, ...others]) waiter.resolve();
        return;
      }
    } catch (error) {
      for (const waiter of [first, ...others]) waiter.reject(error);
      return;
    }
    // Only its own slot may have been moved: the others are asked for by another key, once.
    refuse(first);
    for (const waiter of others) {
      if (waiter.again) refuse(waiter);
      else this.#waiting.push({ ...waiter, again: true });
    }
  }
}

function refuse(waiter: Waiter): void {
  waiter.reject(storageUnavailable('The storage is changing over'));
}
