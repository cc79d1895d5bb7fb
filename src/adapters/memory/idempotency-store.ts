import type { IdempotencyStore, KeptAnswer, KeyState } from '../../ports/idempotency-store.ts';
import { BoundedMap } from './bounded-map.ts';

/** A runner that has not answered for this long is taken for dead. */
const RUNNING_MS = 60_000;
/** A4: how long keys are kept that create sessions. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Bounds the keys that are remembered at once. */
const MAX_KEYS = 10_000;
/** Bounds the memory of answers: characters of their bodies. */
const MAX_BODY_CHARACTERS = 16 * 1024 * 1024;

interface Entry {
  readonly fingerprint: string;
  readonly at: number;
  readonly answer: KeptAnswer | undefined;
}

const FRESH: KeyState = { state: 'fresh' };
const textOf = (scope: string, key: string) => JSON.stringify([scope, key]);

/** Keys in memory; the oldest are forgotten first when there are too many. */
export class MemoryIdempotencyStore implements IdempotencyStore {
  readonly #entries = new BoundedMap<string, Entry>(
    MAX_KEYS,
    MAX_BODY_CHARACTERS,
    (entry) => entry.answer?.body.length ?? 0,
  );

  async begin(scope: string, key: string, fingerprint: string, now: number): Promise<KeyState> {
    const state = this.#look(scope, key, fingerprint, now);
    if (state.state === 'fresh') {
      this.#entries.set(textOf(scope, key), { fingerprint, at: now, answer: undefined });
    }
    return state;
  }

  /** An answer that is kept already stays: it may have been given again. */
  async keep(
    scope: string,
    key: string,
    fingerprint: string,
    answer: KeptAnswer,
    now: number,
  ): Promise<void> {
    const entry = this.#entries.get(textOf(scope, key));
    if (entry?.answer !== undefined && now < entry.at + KEPT_MS) return;
    this.#entries.set(textOf(scope, key), { fingerprint, at: now, answer });
  }

  async abandon(scope: string, key: string): Promise<void> {
    if (this.#entries.get(textOf(scope, key))?.answer !== undefined) return;
    this.#entries.delete(textOf(scope, key));
  }

  async peek(scope: string, key: string, fingerprint: string, now: number): Promise<KeyState> {
    return this.#look(scope, key, fingerprint, now);
  }

  #look(scope: string, key: string, fingerprint: string, now: number): KeyState {
    const entry = this.#entries.get(textOf(scope, key));
    if (entry === undefined) return FRESH;
    const { answer } = entry;
    if (now >= entry.at + (answer === undefined ? RUNNING_MS : KEPT_MS)) return FRESH;
    if (entry.fingerprint !== fingerprint) return { state: 'reused' };
    return answer === undefined ? { state: 'running' } : { state: 'kept', answer };
  }
}
