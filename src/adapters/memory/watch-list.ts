import type { SessionId } from '../../core/ids.ts';
import type { WatchList, WatchSpan } from '../../ports/watch-list.ts';
import type { SessionTable } from './session-table.ts';

interface Watched {
  until: number;
  turnAt: number;
}

/** Who may have been left half done by a task of this process; by another gateway, in tests. */
export class MemoryWatchList implements WatchList {
  readonly #table: SessionTable;
  readonly #watched = new Map<SessionId, Watched>();
  #occasion: string | undefined;

  constructor(table: SessionTable) {
    this.#table = table;
  }

  async watch(session: SessionId, { forMs, everyMs }: WatchSpan, now: number): Promise<void> {
    this.#put(session, now + forMs, now + everyMs);
  }

  async take(limit: number, everyMs: number, now: number): Promise<readonly SessionId[]> {
    const due = [...this.#watched]
      .filter(([, { turnAt }]) => turnAt <= now)
      .toSorted(([, left], [, right]) => left.turnAt - right.turnAt)
      .slice(0, limit);
    for (const [session, watched] of due) {
      if (watched.until > now) watched.turnAt = now + everyMs;
      else this.#watched.delete(session);
    }
    return due.map(([session]) => session);
  }

  async watchAll(occasion: string, forMs: number, now: number): Promise<void> {
    if (occasion === this.#occasion) return;
    for (const [session] of this.#table) this.#put(session, now + forMs, now);
    this.#occasion = occasion;
  }

  #put(session: SessionId, until: number, turnAt: number): void {
    const known = this.#watched.get(session) ?? { until, turnAt };
    known.until = Math.max(known.until, until);
    known.turnAt = Math.min(known.turnAt, turnAt);
    this.#watched.set(session, known);
  }
}
