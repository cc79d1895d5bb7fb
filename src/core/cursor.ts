/**
 * A position in a session's log. Entries of one epoch are numbered 1, 2, 3 … without a hole; the
 * epoch changes only when a log was lost and made anew, so that an old position cannot be mistaken
 * for one of the new log. Sequence 0 is the position before the first entry.
 */
export interface Position {
  /** When the log was made, in milliseconds since 1970; greater than any epoch before it. */
  readonly epoch: number;
  readonly sequence: number;
}

/** `<epoch>-<sequence>`, the form in which positions travel. */
export type Cursor = `${number}-${number}`;

const CURSOR = /^(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/;

/** Writes a position as readers see it. */
export function formatCursor(position: Position): Cursor {
  return `${position.epoch}-${position.sequence}`;
}

/** Reads a cursor; `undefined` for any text that {@link formatCursor} could not have written. */
export function parseCursor(text: string): Position | undefined {
  const match = CURSOR.exec(text);
  if (match === null) return undefined;
  const epoch = Number(match[1]);
  const sequence = Number(match[2]);
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(sequence)) return undefined;
  return { epoch, sequence };
}

/** True when `position` lies after `other`; a greater epoch is a later log. */
export function isAfter(position: Position, other: Position): boolean {
  return position.epoch === other.epoch
    ? position.sequence > other.sequence
    : position.epoch > other.epoch;
}

/** What a log still holds. `first` is the sequence of its oldest entry, `last + 1` when it is empty. */
export interface LogExtent {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
}

/** Why a log cannot be read on from a position (A24). */
export type ResetReason = 'history_trimmed' | 'epoch_changed' | 'cursor_ahead' | 'cursor_invalid';

/**
 * Decides whether everything after `position` is still kept.
 * A position just before the oldest entry has missed nothing, so it is continued.
 */
export function resetReason(position: Position, extent: LogExtent): ResetReason | undefined {
  if (position.epoch !== extent.epoch) return 'epoch_changed';
  if (position.sequence > extent.last) return 'cursor_ahead';
  if (position.sequence + 1 < extent.first) return 'history_trimmed';
  return undefined;
}
