import type { SessionId } from '../core/ids.ts';
import type { SessionFacts } from '../ports/session-store.ts';

/** Seldom enough to cost nothing; a session's life time is exact to this. */
const MAX_SPAN_MS = 60_000;
/** Of a short life time no more than this part. */
const LIFE_PART = 20;
/** Bounds the memory; of more sessions at once some are looked up again. */
const MAX_KNOWN = 10_000;

/**
 * Sessions that were looked up and kept alive a moment ago. Who owns a session never changes, and that
 * it was closed elsewhere the store tells whoever gives a command on it.
 */
export class KnownSessions {
  readonly #spanMs: number;
  readonly #known = new Map<SessionId, { readonly facts: SessionFacts; readonly until: number }>();

  constructor(sessionTtlMs: number) {
    this.#spanMs = Math.min(MAX_SPAN_MS, sessionTtlMs / LIFE_PART);
  }

  find(id: SessionId, now: number): SessionFacts | undefined {
    const known = this.#known.get(id);
    return known !== undefined && now < known.until ? known.facts : undefined;
  }

  /** The session was found, and its expiry put off. */
  learn(facts: SessionFacts, now: number): void {
    this.#known.delete(facts.sessionId);
    this.#known.set(facts.sessionId, { facts, until: now + this.#spanMs });
    if (this.#known.size <= MAX_KNOWN) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }

  forget(id: SessionId): void {
    this.#known.delete(id);
  }
}
