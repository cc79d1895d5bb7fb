import { ProblemError } from '../../../core/problem.ts';

/** Bytes of bodies that are being received at once, all callers together. */
const MAX_RECEIVING = 256 * 1024 * 1024;
const RETRY_MS = 1_000;

/**
 * Bounds what half-received bodies hold. By bytes and not by number, so that callers who open many
 * uploads and send nothing keep nobody out.
 */
export class ByteBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number = MAX_RECEIVING) {
    this.#limit = limit;
  }

  /** @throws {ProblemError} `rate_limited` when nothing is left */
  take(bytes: number): void {
    if (this.#held + bytes > this.#limit) {
      throw new ProblemError('rate_limited', 'Too much is being sent at once.', {
        retryAfterMs: RETRY_MS,
      });
    }
    this.#held += bytes;
  }

  giveBack(bytes: number): void {
    this.#held -= bytes;
  }
}
