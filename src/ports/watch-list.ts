import type { SessionId } from '../core/ids.ts';

/**
 * Sessions that are looked after although nobody may know that they need it (L7): whoever used one may
 * have died in the middle. Shared by all gateways, and apart from sessions and pool.
 *
 * A gateway watches a session before it gives a command on it, so that no change is ever unwatched.
 */
export interface WatchList {
  /**
   * The session is watched from now on, for `forMs` at least; its first turn comes after `everyMs`. One
   * that is watched already keeps its turn. Resolves when that is certain.
   */
  watch(session: SessionId, span: WatchSpan, now: number): Promise<void>;
  /**
   * Watched sessions whose turn has come, `limit` at most, the longest due first. Each is handed to one
   * caller, and comes again after `everyMs`, as long as it is watched: whatever happens, once after it
   * was used last.
   */
  take(limit: number, everyMs: number, now: number): Promise<readonly SessionId[]>;
  /**
   * Watches all sessions that there are, with a turn at once; does nothing when that was done for this
   * `occasion` last. Several may do it at the same time.
   */
  watchAll(occasion: string, forMs: number, now: number): Promise<void>;
}

export interface WatchSpan {
  readonly forMs: number;
  readonly everyMs: number;
}
