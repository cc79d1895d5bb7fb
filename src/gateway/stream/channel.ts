import type { Position } from '../../core/cursor.ts';
import { isAfter } from '../../core/cursor.ts';
import type { ObjectId, SessionId } from '../../core/ids.ts';
import type { LoggedEvent, LogListener } from '../../ports/event-log.ts';
import type { Participant, PassingFrame } from '../../protocol/events.ts';
import { passingBytes } from './frames.ts';
import type { Reader } from './reader.ts';

/**
 * The readers of one session on this gateway, behind a single subscription to its log.
 * Knows how far the log is known to reach, so that a reader can tell whether it has everything.
 */
export class StreamChannel implements LogListener {
  readonly session: SessionId;
  readonly readers = new Set<Reader>();
  /** Objects that may wait in the queue; the readers are told their places. */
  readonly waiting = new Set<ObjectId>();
  readonly #participants = new Map<string, { joinedAt: string; streams: number }>();
  #head: Position | undefined;
  /** Somebody reads the session who named themselves, through whichever gateway. */
  peopled = false;

  constructor(session: SessionId) {
    this.session = session;
  }

  /** True when the log is known to reach beyond `position`. */
  isAhead(position: Position): boolean {
    return this.#head !== undefined && isAfter(this.#head, position);
  }

  appended(events: readonly LoggedEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#advance(last.position);
    for (const event of events) this.#track(event);
    for (const reader of this.readers) reader.deliver(events);
  }

  passing(frame: PassingFrame): void {
    if (frame.type === 'presence.updated') this.peopled = hasParticipants(frame);
    const bytes = passingBytes(frame);
    for (const reader of this.readers) reader.pass(bytes);
  }

  /** The log reaches further than anybody told: a doorbell was lost, so readers look themselves. */
  repair(position: Position): void {
    if (this.#advance(position)) for (const reader of this.readers) reader.fallBehind();
  }

  /** Adds a stream of a participant; true when the list of participants changed. */
  join(participantId: string, joinedAt: string): boolean {
    const known = this.#participants.get(participantId);
    if (known !== undefined) {
      known.streams += 1;
      return false;
    }
    this.#participants.set(participantId, { joinedAt, streams: 1 });
    return true;
  }

  /** Takes a stream of a participant away; true when it was the last one. */
  leave(participantId: string): boolean {
    const known = this.#participants.get(participantId);
    if (known === undefined) return false;
    known.streams -= 1;
    return known.streams === 0 && this.#participants.delete(participantId);
  }

  get participants(): readonly Participant[] {
    return [...this.#participants].map(([participantId, { joinedAt }]) => ({
      participantId,
      joinedAt,
    }));
  }

  #advance(position: Position): boolean {
    if (this.#head !== undefined && !isAfter(position, this.#head)) return false;
    this.#head = position;
    return true;
  }

  #track(event: LoggedEvent): void {
    if (event.type === 'click.accepted' || event.type === 'click.undone') {
      this.waiting.add(event.payload.objectId);
    }
  }
}

/** The type of a frame does not tell the compiler what its payload is. */
function hasParticipants({ payload }: PassingFrame): boolean {
  return 'participants' in payload && payload.participants.length > 0;
}
