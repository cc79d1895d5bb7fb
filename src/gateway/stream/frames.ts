/** Events and passing frames as bytes; an event is serialised once, whatever the number of readers. */
import type { Position } from '../../core/cursor.ts';
import { formatCursor } from '../../core/cursor.ts';
import type { SessionId } from '../../core/ids.ts';
import { encodeFrame } from '../../core/sse.ts';
import type { LoggedEvent } from '../../ports/event-log.ts';
import type {
  Envelope,
  PassingFrame,
  PassingPayloads,
  PassingType,
} from '../../protocol/events.ts';

const encoder = new TextEncoder();
const serialised = new WeakMap<LoggedEvent, Uint8Array>();

/** What happens at one moment is told of more than once. */
let last = { at: 0, text: new Date(0).toISOString() };

/** Milliseconds as RFC 3339, UTC. */
export function timestamp(at: number): string {
  if (at !== last.at) last = { at, text: new Date(at).toISOString() };
  return last.text;
}

/** A19: what `data` holds for an entry of the log. */
export function envelopeOf(session: SessionId, event: LoggedEvent): Envelope {
  return {
    eventId: formatCursor(event.position),
    sequence: event.position.sequence,
    schemaVersion: 1,
    channel: `session:${session}`,
    type: event.type,
    timestamp: timestamp(event.at),
    payload: event.payload,
  };
}

/** The frame of an entry of the log; the same bytes for the same entry. */
export function eventBytes(session: SessionId, event: LoggedEvent): Uint8Array {
  const known = serialised.get(event);
  if (known !== undefined) return known;
  const data = envelopeOf(session, event);
  const bytes = encoder.encode(encodeFrame({ id: data.eventId, event: event.type, data }));
  serialised.set(event, bytes);
  return bytes;
}

/** A passing frame's data, made now. */
export function passingFrame<Type extends PassingType>(
  type: Type,
  payload: PassingPayloads[Type],
  at: number,
): PassingFrame<Type> {
  return { type, timestamp: timestamp(at), payload };
}

/** The bytes of a passing frame. `position` becomes its id (snapshot and heartbeat only, A22). */
export function passingBytes(
  frame: PassingFrame,
  options: { readonly position?: Position; readonly retryMs?: number } = {},
): Uint8Array {
  const id = options.position === undefined ? undefined : formatCursor(options.position);
  return encoder.encode(
    encodeFrame({ id, event: frame.type, data: frame, retryMs: options.retryMs }),
  );
}
