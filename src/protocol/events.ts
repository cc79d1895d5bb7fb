/** What appears on a session's stream: logged events (A20, A21) and passing frames (A22). */
import type { Cursor, ResetReason } from '../core/cursor.ts';
import type { ClickId, ImageId, ObjectId, SessionId } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { Box, Point } from '../core/prompt.ts';
import type { ImageBody, Metadata, Snapshot } from './bodies.ts';
import type { CocoRle } from './mask.ts';

/** The part of an event that all types share; `payload` depends on `type`. */
export interface Envelope<Type extends LoggedType = LoggedType> {
  readonly eventId: Cursor;
  readonly sequence: number;
  readonly schemaVersion: 1;
  readonly channel: `session:${SessionId}`;
  readonly type: Type;
  /** RFC 3339, UTC, milliseconds. */
  readonly timestamp: string;
  readonly payload: LoggedPayloads[Type];
}

export interface ClickAcceptedPayload {
  readonly clickId: ClickId;
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  readonly revision: number;
  readonly points: readonly Point[];
  readonly box?: Box;
  readonly clientRef?: string;
}

export interface ClickUndonePayload {
  readonly clickId: ClickId;
  readonly objectId: ObjectId;
  readonly revision: number;
}

export interface ClickCancelledPayload {
  readonly clickId: ClickId;
  readonly objectId: ObjectId;
  readonly reason: 'undone' | 'object_removed';
}

/** The rectangle that a mask fills, in whole pixels. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface SegmentCompletedPayload {
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  readonly revision: number;
  /** The clicks that this answer ends, oldest first. */
  readonly covers: readonly ClickId[];
  readonly mask: CocoRle;
  /** `null` when the mask is empty. */
  readonly bounds: Bounds | null;
  /** Pixels of the mask. */
  readonly area: number;
  readonly score: number;
  readonly model: string;
  /** True when the answer came from memory, without a call of the feature server. */
  readonly cached: boolean;
  readonly timings: {
    /** From the newest covered click (or undo) to the start of the call. */
    readonly queuedMs: number;
    /** The call, as the gateway saw it. */
    readonly serverMs: number;
    /** From the newest covered click (or undo) to this event. */
    readonly totalMs: number;
  };
}

export interface SegmentFailedPayload {
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  readonly revision: number;
  readonly covers: readonly ClickId[];
  readonly problem: Problem;
}

/** What PATCH can change, whole: an absent field is not set. */
export interface ObjectUpdatedPayload {
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  readonly revision: number;
  readonly label?: string;
  readonly color?: string;
  readonly metadata?: Metadata;
}

export interface SessionOpenedPayload {
  readonly sessionId: SessionId;
  readonly name?: string;
  readonly metadata?: Metadata;
  readonly expiresAt: string;
}

/** A20: payload of every logged type. */
export interface LoggedPayloads {
  'session.opened': SessionOpenedPayload;
  'session.closed': { readonly reason: 'deleted' | 'expired' };
  'image.added': ImageBody;
  'image.ready': ImageBody;
  'image.failed': ImageBody;
  'image.removed': { readonly imageId: ImageId };
  'click.accepted': ClickAcceptedPayload;
  'click.undone': ClickUndonePayload;
  'click.cancelled': ClickCancelledPayload;
  'segment.completed': SegmentCompletedPayload;
  'segment.failed': SegmentFailedPayload;
  'object.updated': ObjectUpdatedPayload;
  'object.removed': { readonly objectId: ObjectId; readonly imageId: ImageId };
}

export type LoggedType = keyof LoggedPayloads;

/** Kept as a value so that browsers can subscribe to each name; the compiler holds it complete. */
export const LOGGED_TYPES = Object.keys({
  'session.opened': 0,
  'session.closed': 0,
  'image.added': 0,
  'image.ready': 0,
  'image.failed': 0,
  'image.removed': 0,
  'click.accepted': 0,
  'click.undone': 0,
  'click.cancelled': 0,
  'segment.completed': 0,
  'segment.failed': 0,
  'object.updated': 0,
  'object.removed': 0,
} satisfies Record<LoggedType, 0>) as readonly LoggedType[];

export interface Participant {
  readonly participantId: string;
  readonly joinedAt: string;
}

export type ServiceState = 'ok' | 'degraded' | 'down';

/** How the service is and, when it is not well, what it lacks. */
export interface ServiceStatus {
  readonly state: ServiceState;
  readonly reason?: 'storage' | 'feature_server';
}

/** A22: payload of every passing frame. */
export interface PassingPayloads {
  'stream.opened': {
    /** The newest entry of the log when the stream was opened. */
    readonly cursor: Cursor;
    /** True when events of before that moment follow. */
    readonly replaying: boolean;
    readonly heartbeatMs: number;
    readonly service: ServiceStatus;
  };
  'session.snapshot': Snapshot;
  'stream.reset': {
    readonly reason: ResetReason;
    readonly lastCursor: Cursor;
    readonly oldestCursor: Cursor;
  };
  'queue.updated': {
    readonly objectId: ObjectId;
    readonly position: number;
    readonly etaMs: number;
  };
  'segment.started': { readonly objectId: ObjectId; readonly revision: number };
  'presence.updated': { readonly participants: readonly Participant[] };
  'service.updated': ServiceStatus;
  'stream.draining': { readonly reconnectInMs: number };
  heartbeat: { readonly cursor: Cursor | null };
}

export type PassingType = keyof PassingPayloads;

/** What the `data` of a passing frame holds. */
export interface PassingFrame<Type extends PassingType = PassingType> {
  readonly type: Type;
  readonly timestamp: string;
  readonly payload: PassingPayloads[Type];
}

export const PASSING_TYPES = Object.keys({
  'stream.opened': 0,
  'session.snapshot': 0,
  'stream.reset': 0,
  'queue.updated': 0,
  'segment.started': 0,
  'presence.updated': 0,
  'service.updated': 0,
  'stream.draining': 0,
  heartbeat: 0,
} satisfies Record<PassingType, 0>) as readonly PassingType[];
