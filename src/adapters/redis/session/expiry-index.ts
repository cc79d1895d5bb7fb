import type { Redis } from 'ioredis';
import type { SessionId } from '../../../core/ids.ts';
import type { SessionSlot } from './session-slot.ts';

/** Bounds what one look costs; the next one goes on, since what was found is closed meanwhile. */
const MAX_DUE = 1_000;

/**
 * All sessions by the time before which they cannot have expired, in a slot of its own. Sessions are
 * touched far more often than they expire: a touch leaves the index alone, and a session whose time
 * has come is asked for its true time, which corrects the index (L8).
 */
export class ExpiryIndex {
  readonly #slot: SessionSlot;
  readonly #key: string;

  constructor(slot: SessionSlot) {
    this.#slot = slot;
    this.#key = slot.names.sessionIndex();
  }

  async add(session: SessionId, expiresAt: number): Promise<void> {
    await this.#use((client) => client.zadd(this.#key, expiresAt, session));
  }

  async remove(session: SessionId): Promise<void> {
    await this.#use((client) => client.zrem(this.#key, session));
  }

  async expired(now: number): Promise<readonly SessionId[]> {
    const due = await this.#use((client) =>
      client.zrangebyscore(this.#key, '-inf', now, 'LIMIT', 0, MAX_DUE),
    );
    const over = await Promise.all(due.map((id) => this.#isOver(id as SessionId, now)));
    return due.filter((_, n) => over[n]) as SessionId[];
  }

  #use<Result>(command: (client: Redis) => Promise<Result>): Promise<Result> {
    return this.#slot.link.use(command, this.#key);
  }

  async #isOver(session: SessionId, now: number): Promise<boolean> {
    const state = this.#slot.key(session, 'state');
    const text = await this.#slot.link.use((client) => client.hget(state, 'expiresAt'), state);
    if (text === null) {
      await this.remove(session);
      return false;
    }
    const expiresAt = Number(text);
    if (expiresAt <= now) return true;
    // Only if it is still there: it may have been closed in between.
    await this.#use((client) => client.zadd(this.#key, 'XX', expiresAt, session));
    return false;
  }
}
