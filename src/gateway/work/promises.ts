import type { ObjectId, SessionId } from '../../core/ids.ts';
import type { Clock, Metrics } from '../../ports/system.ts';

/** Bounds the memory; what is forgotten is only not measured. */
const MAX_REMEMBERED = 10_000;

/**
 * The times that callers were told, so that it can be measured how right they were. Work that another
 * gateway does is not measured here; which one does it is chance.
 */
export class Promises {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #told = new Map<string, number>();

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** A new token: its mask was foretold for then. */
  make(session: SessionId, object: ObjectId, etaMs: number): void {
    const key = nameOf(session, object);
    this.#told.delete(key);
    this.#told.set(key, this.#clock.now() + etaMs);
    if (this.#told.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#told.keys()) {
      this.#told.delete(oldest);
      break;
    }
  }

  /** Its mask is there. */
  meet(session: SessionId, object: ObjectId): void {
    const key = nameOf(session, object);
    const told = this.#told.get(key);
    if (told === undefined) return;
    this.#told.delete(key);
    this.#metrics.etaMissed(this.#clock.now() - told);
  }
}

const nameOf = (session: SessionId, object: ObjectId) => `${session} ${object}`;
