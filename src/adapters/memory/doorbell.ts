import type { SessionId } from '../../core/ids.ts';
import type { LogListener } from '../../ports/event-log.ts';

/**
 * Tells listeners what happened, in the order in which it happened, before the command that caused
 * it returns. A listener that gives a command of its own is told of it after the present round.
 */
export class Doorbell {
  readonly #listeners = new Map<SessionId, Set<LogListener>>();
  readonly #rounds: (() => void)[] = [];
  #ringing = false;

  subscribe(session: SessionId, listener: LogListener): () => void {
    // A wrapper of its own, so that one listener subscribed twice can be ended once.
    const entry: LogListener = {
      appended: (events) => listener.appended(events),
      passing: (frame) => listener.passing(frame),
    };
    const present = this.#listeners.get(session) ?? new Set();
    this.#listeners.set(session, present.add(entry));
    return () => {
      present.delete(entry);
      if (present.size === 0 && this.#listeners.get(session) === present) {
        this.#listeners.delete(session);
      }
    };
  }

  ring(session: SessionId, tell: (listener: LogListener) => void): void {
    this.#rounds.push(() => {
      for (const listener of this.#listeners.get(session) ?? []) safely(() => tell(listener));
    });
    if (this.#ringing) return;
    this.#ringing = true;
    for (let round = this.#rounds.shift(); round !== undefined; round = this.#rounds.shift()) {
      round();
    }
    this.#ringing = false;
  }

  clear(): void {
    this.#listeners.clear();
  }
}

/** A listener's failure is the listener's: the command has been carried out. */
export function safely(listener: () => void): void {
  try {
    listener();
  } catch {
    // A doorbell may be lost; whoever missed it finds out by the sequence.
  }
}
