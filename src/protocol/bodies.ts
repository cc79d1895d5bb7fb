/** Request and answer bodies of part A, as types. The schemas that validate are held equal to them. */
import type { Cursor, ResetReason } from '../core/cursor.ts';
import type { ClickId, ImageId, ObjectId, SessionId } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { Box, Point } from '../core/prompt.ts';
import type { Envelope, Participant, SegmentCompletedPayload, ServiceStatus } from './events.ts';

/** Free-form JSON that a caller attaches and gets back unchanged. */
export type Metadata = Readonly<Record<string, unknown>>;

export interface CreateSessionBody {
  readonly name?: string | undefined;
  readonly metadata?: Metadata | undefined;
}

export interface Limits {
  readonly maxImages: number;
  readonly maxObjects: number;
  readonly maxPointsPerObject: number;
  /** Objects that may wait for a mask at once. */
  readonly maxObjectsInFlight: number;
  readonly maxImageBytes: number;
}

/** A6: 201. */
export interface SessionCreated {
  readonly sessionId: SessionId;
  readonly cursor: Cursor;
  readonly expiresAt: string;
  readonly limits: Limits;
  readonly links: {
    readonly self: string;
    readonly events: string;
    readonly images: string;
    readonly clicks: string;
  };
}

export type ImageStatus = 'preparing' | 'ready' | 'failed';

/** A9. */
export interface ImageBody {
  readonly imageId: ImageId;
  readonly name?: string;
  /** Of the upright image: EXIF orientation applied. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly contentType: string;
  readonly status: ImageStatus;
  readonly hasReference: boolean;
  readonly hasEmbedding: boolean;
  readonly problem?: Problem;
}

/** A12. */
export interface ClickBody {
  readonly imageId: string;
  readonly objectId?: string | undefined;
  readonly points?: readonly Point[] | undefined;
  readonly box?: Box | undefined;
  readonly clientRef?: string | undefined;
}

export interface QueueState {
  readonly state: 'queued' | 'merged' | 'running' | 'done';
  /** Objects that are served before this one. */
  readonly position: number;
  /** Predicted time until the mask. */
  readonly etaMs: number;
}

/** A12: 202. */
export interface ClickAccepted {
  readonly clickId: ClickId;
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  readonly revision: number;
  /** Of the `click.accepted` event; tells whether a reader can have seen the outcome. */
  readonly cursor: Cursor;
  readonly queue: QueueState;
  readonly links: { readonly self: string };
}

/** A15: 202. */
export interface ClickUndone {
  readonly clickId: ClickId;
  readonly objectId: ObjectId;
  readonly revision: number;
  readonly cursor: Cursor;
}

/** A16: 202 of a retry. */
export interface ObjectRetried {
  readonly objectId: ObjectId;
  readonly revision: number;
  readonly queue: QueueState;
}

export type ClickStatus = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' | 'undone';

/** A17. */
export interface ClickState {
  readonly clickId: ClickId;
  readonly objectId: ObjectId;
  readonly revision: number;
  readonly status: ClickStatus;
  readonly queue?: QueueState;
  readonly result?: SegmentCompletedPayload;
  readonly problem?: Problem;
}

/** A17: `POST /v1/segment`. */
export interface SegmentState extends ClickState {
  readonly sessionId: SessionId;
}

export type ObjectStatus = 'queued' | 'running' | 'ready' | 'failed';

export interface ObjectClick {
  readonly clickId: ClickId;
  readonly points: readonly Point[];
  readonly box?: Box;
  readonly clientRef?: string;
  /** True until the click has ended. */
  readonly pending: boolean;
}

export interface ObjectBody {
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  readonly revision: number;
  readonly label?: string;
  readonly color?: string;
  readonly metadata?: Metadata;
  readonly status: ObjectStatus;
  readonly clicks: readonly ObjectClick[];
  /** The newest mask, also while a newer one is being made. */
  readonly result?: SegmentCompletedPayload;
  readonly problem?: Problem;
}

/** A16. `null` removes what was set. */
export interface ObjectPatch {
  readonly label?: string | null | undefined;
  readonly color?: string | null | undefined;
  readonly metadata?: Metadata | null | undefined;
}

/** A7. */
export interface Snapshot {
  readonly sessionId: SessionId;
  readonly name?: string;
  readonly metadata?: Metadata;
  readonly cursor: Cursor;
  readonly expiresAt: string;
  readonly images: readonly ImageBody[];
  readonly objects: readonly ObjectBody[];
  readonly participants: readonly Participant[];
  readonly service: ServiceStatus;
  readonly limits: Limits;
}

/** A26. */
export interface EventPage {
  readonly events: readonly Envelope[];
  readonly cursor: Cursor;
  readonly snapshot?: Snapshot;
  readonly reset?: {
    readonly reason: ResetReason;
    readonly lastCursor: Cursor;
    readonly oldestCursor: Cursor;
  };
}
