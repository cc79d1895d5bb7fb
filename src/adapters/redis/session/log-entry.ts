/** Entries of a log as Redis keeps them and as its doorbell tells of them. */
import type { Position } from '../../../core/cursor.ts';
import { parseCursor } from '../../../core/cursor.ts';
import type { LoggedEvent } from '../../../ports/event-log.ts';
import type { PassingFrame } from '../../../protocol/events.ts';

/** One entry of XRANGE. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

/** What `commit` of `lib/log.lua` publishes, in an array: what was appended in one go. */
type ToldEntry = readonly [
  id: string,
  type: LoggedEvent['type'],
  at: number,
  payload: LoggedEvent['payload'],
];

export function parseEntry([id, fields]: StreamEntry): LoggedEvent {
  const [, type, , at, , payload = ''] = fields;
  const position = positionOf(id);
  return { position, type, at: Number(at), payload: JSON.parse(payload) } as LoggedEvent;
}

/** A message of the doorbell: events that were appended, or a frame that is in no log. */
export function parseMessage(text: string): readonly LoggedEvent[] | PassingFrame {
  const message = JSON.parse(text) as readonly ToldEntry[] | PassingFrame;
  return isFrame(message) ? message : message.map(toldEvent);
}

export function isFrame<Other>(message: readonly Other[] | PassingFrame): message is PassingFrame {
  return !Array.isArray(message);
}

function toldEvent([id, type, at, payload]: ToldEntry): LoggedEvent {
  return { position: positionOf(id), type, at, payload } as LoggedEvent;
}

function positionOf(id: string): Position {
  const position = parseCursor(id);
  if (position === undefined) throw new Error(`an entry of a log is named ${id}`);
  return position;
}
