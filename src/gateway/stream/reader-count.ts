import type { SessionId } from '../../core/ids.ts';

/**
 * How many readers this gateway serves, by session and by the address that they come from. Counted on
 * each gateway alone, because what they cost is its memory.
 */
export class ReaderCount {
  readonly #most: number;
  readonly #ofSessions = new Map<string, number>();
  readonly #ofAddresses = new Map<string, number>();

  /** @param most readers of one session, and readers from one address */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts one more and is true, or is false when there are enough. An unknown address has no limit. */
  enter(session: SessionId, address: string | undefined): boolean {
    const inSession = this.#ofSessions.get(session) ?? 0;
    const atAddress = address === undefined ? 0 : (this.#ofAddresses.get(address) ?? 0);
    if (inSession >= this.#most || atAddress >= this.#most) return false;
    this.#ofSessions.set(session, inSession + 1);
    if (address !== undefined) this.#ofAddresses.set(address, atAddress + 1);
    return true;
  }

  /** Takes back what {@link enter} counted. */
  leave(session: SessionId, address: string | undefined): void {
    decrease(this.#ofSessions, session);
    if (address !== undefined) decrease(this.#ofAddresses, address);
  }
}

function decrease(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 1) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
