import type { LogExtent, Position } from '../core/cursor.ts';
import type { SessionId } from '../core/ids.ts';
import type { LoggedPayloads, LoggedType, PassingFrame } from '../protocol/events.ts';

/** An entry of a session's log. Immutable; an engine may hand out the same object many times. */
export type LoggedEvent = {
  [Type in LoggedType]: {
    readonly position: Position;
    readonly type: Type;
    /** Milliseconds since 1970. */
    readonly at: number;
    readonly payload: LoggedPayloads[Type];
  };
}[LoggedType];

/** Entries in order, with what the log held when they were read. */
export interface LogPage {
  readonly extent: LogExtent;
  readonly events: readonly LoggedEvent[];
}

/** What a subscriber is told. A doorbell, not a delivery: calls may be lost, never reordered. */
export interface LogListener {
  /** Entries were appended; they may begin after a hole if an earlier call was lost. */
  appended(events: readonly LoggedEvent[]): void;
  /** Something that is not in the log. */
  passing(frame: PassingFrame): void;
}

/**
 * The reading side of the sessions' logs; {@link SessionStore} writes them.
 *
 * Guarantees: entries of an epoch are numbered 1, 2, 3 … without a hole; an entry that was read once
 * is read the same ever after, until it is trimmed; trimming removes the oldest entries only, exactly
 * down to the configured count. After a loss of data the epoch is a greater one.
 */
export interface EventLog {
  /** What the log holds; `undefined` when there is no such session. */
  extent(session: SessionId): Promise<LogExtent | undefined>;

  /**
   * At most `limit` entries after `after`, oldest first, whatever the epoch of `after`: callers
   * compare it with the page's extent. `undefined` when there is no such session.
   */
  read(session: SessionId, after: Position, limit: number): Promise<LogPage | undefined>;

  /**
   * Calls the listener for everything appended from the moment that the promise resolves.
   * The result ends the subscription; afterwards the listener is not called again.
   */
  subscribe(session: SessionId, listener: LogListener): Promise<() => void>;

  /** Shows a passing frame to the subscribers of the session, on every gateway; best effort. */
  pass(session: SessionId, frame: PassingFrame): void;
}
