import type { SessionId } from '../core/ids.ts';
import type { Clock } from '../ports/system.ts';
import type { WatchList } from '../ports/watch-list.ts';

/** How often a watched session is looked at, by whichever gateway comes first. */
export const LOOK_EVERY_MS = 15_000;
/** A session that is used stays on the list for so long … */
export const WATCHED_MS = 180_000;
/** … and is put there anew after this, so that little is asked for it. */
const MARK_EVERY_MS = 60_000;
/** Bounds the memory; of more sessions at once some are put on the list more often. */
const MAX_MARKED = 10_000;

/** Sees to it that a session is watched by all gateways before this one changes anything of it (L7). */
export class SessionWatch {
  readonly #list: WatchList;
  readonly #clock: Clock;
  /** Until when each needs not be put on the list again; the longest ago first. */
  readonly #marked = new Map<SessionId, number>();

  constructor(list: WatchList, clock: Clock) {
    this.#list = list;
    this.#clock = clock;
  }

  /** The session is about to be used. Resolves when it is watched for some minutes. */
  async mark(session: SessionId): Promise<void> {
    const now = this.#clock.now();
    if (now < (this.#marked.get(session) ?? 0)) return;
    await this.#list.watch(session, { forMs: WATCHED_MS, everyMs: LOOK_EVERY_MS }, now);
    this.#marked.delete(session);
    this.#marked.set(session, now + MARK_EVERY_MS);
    if (this.#marked.size <= MAX_MARKED) return;
    for (const oldest of this.#marked.keys()) {
      this.#marked.delete(oldest);
      break;
    }
  }
}
