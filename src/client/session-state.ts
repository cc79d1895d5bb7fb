/** What a session holds, as a value that is replaced and never changed. */
import type { Cursor } from '../core/cursor.ts';
import type { Box, Point } from '../core/prompt.ts';
import type {
  ImageBody,
  Limits,
  Metadata,
  ObjectBody,
  ObjectClick,
  Snapshot,
} from '../protocol/bodies.ts';
import type { Participant, ServiceStatus } from '../protocol/events.ts';

/** Where an object stands in the queue, as last heard. */
export interface QueuePlace {
  readonly position: number;
  readonly etaMs: number;
}

/** An object with its clicks and its newest mask (`result`). */
export interface SessionObject extends ObjectBody {
  /** Only while it waits. */
  readonly queue?: QueuePlace;
}

/** A click that was made here and that the log has not confirmed yet. */
export interface PendingClick {
  readonly clientRef: string;
  readonly objectId: string;
  readonly imageId: string;
  readonly points: readonly Point[];
  readonly box?: Box;
  /** Of its event, once the gateway accepted it. */
  readonly acceptedAt?: Cursor;
}

export interface SessionState {
  readonly sessionId: string;
  /** The last event that is contained in this state. */
  readonly cursor: Cursor | undefined;
  readonly name?: string;
  readonly metadata?: Metadata;
  readonly expiresAt?: string;
  /** What the gateway takes; known from the first snapshot on. */
  readonly limits?: Limits;
  /** Why there is no session any more. */
  readonly closed?: 'deleted' | 'expired';
  readonly images: readonly ImageBody[];
  /** In the order in which they were made. */
  readonly objects: readonly SessionObject[];
  /** Clicks made here that the log has yet to confirm, oldest first. */
  readonly pending: readonly PendingClick[];
  readonly participants: readonly Participant[];
  readonly service: ServiceStatus;
}

/** A session of which nothing is known yet. */
export function emptyState(sessionId: string): SessionState {
  return {
    sessionId,
    cursor: undefined,
    images: [],
    objects: [],
    pending: [],
    participants: [],
    service: { state: 'ok' },
  };
}

/** The state at a snapshot; clicks of `before` that it does not contain yet stay pending. */
export function fromSnapshot(snapshot: Snapshot, before?: SessionState): SessionState {
  const { sessionId, cursor, name, metadata, expiresAt, images, objects, participants, limits } =
    snapshot;
  const known = new Set(objects.flatMap((object) => object.clicks.map((click) => click.clientRef)));
  return {
    sessionId,
    cursor,
    expiresAt,
    images,
    objects,
    participants,
    service: snapshot.service,
    limits,
    // A pending click that was accepted is in the snapshot, or was undone before it was made.
    pending: (before?.pending ?? []).filter(
      (click) => click.acceptedAt === undefined && !known.has(click.clientRef),
    ),
    ...(name === undefined ? {} : { name }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** The object of that id, or `undefined`. */
export function findObject(state: SessionState, objectId: string): SessionObject | undefined {
  return state.objects.find((object) => object.objectId === objectId);
}

/** The confirmed click of that id with the object that it belongs to, or `undefined`. */
export function findClick(
  state: SessionState,
  clickId: string,
): { readonly object: SessionObject; readonly click: ObjectClick } | undefined {
  for (const object of state.objects) {
    const click = object.clicks.find((candidate) => candidate.clickId === clickId);
    if (click !== undefined) return { object, click };
  }
  return undefined;
}
