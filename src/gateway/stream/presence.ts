import type { SessionId } from '../../core/ids.ts';
import type { PresenceBook } from '../../ports/presence-book.ts';
import type { Clock } from '../../ports/system.ts';
import type { Participant } from '../../protocol/events.ts';

/** What a gateway says of its readers is forgotten after this, should it die; it says it anew in time. */
const SAID_FOR_MS = 60_000;

export interface PresenceOptions {
  readonly book: PresenceBook;
  readonly clock: Clock;
  readonly gatewayId: string;
  /** Who reads a session here, at this moment. */
  readonly readersOf: (session: SessionId) => readonly Participant[];
}

/** Tells all gateways who reads through this one (A7, A22). */
export class Presence {
  readonly #options: PresenceOptions;
  /** Sessions of which something is being said; true when that is out of date already. */
  readonly #saying = new Map<SessionId, boolean>();
  /** Sessions of which the others believe something that has to be said anew, or taken back. */
  readonly #said = new Set<SessionId>();

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Everybody who reads the session, through whichever gateway. */
  async list(session: SessionId): Promise<readonly Participant[]> {
    const { book, clock } = this.#options;
    return await book.list(session, clock.now());
  }

  /** Somebody came or went here. */
  changed(session: SessionId): void {
    if (this.#saying.has(session)) this.#saying.set(session, true);
    else void this.#say(session);
  }

  /** Says everything anew; called several times a minute. `listening`: sessions that are read here. */
  async renew(listening: Iterable<SessionId>): Promise<void> {
    for (const session of new Set([...this.#said, ...listening])) {
      if (!this.#saying.has(session)) await this.#say(session);
    }
  }

  /** One after the other, so that what is said last is what holds. */
  async #say(session: SessionId): Promise<void> {
    const { book, clock, gatewayId, readersOf } = this.#options;
    do {
      this.#saying.set(session, false);
      const participants = readersOf(session);
      this.#said.add(session);
      try {
        await book.announce(session, { gatewayId, participants, forMs: SAID_FOR_MS }, clock.now());
        if (participants.length === 0) this.#said.delete(session);
      } catch {
        // The storage is lost: it is said again by the next renewal.
        break;
      }
    } while (this.#saying.get(session) === true);
    this.#saying.delete(session);
  }
}
