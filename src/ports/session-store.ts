import type { Position } from '../core/cursor.ts';
import type { ClickId, ImageId, ObjectId, SessionId, Tenant } from '../core/ids.ts';
import type { Problem } from '../core/problem.ts';
import type { Prompt, PromptPart } from '../core/prompt.ts';
import type {
  ClickState,
  ImageBody,
  ImageStatus,
  Metadata,
  ObjectBody,
  ObjectPatch,
  Snapshot,
} from '../protocol/bodies.ts';
import type { SegmentCompletedPayload } from '../protocol/events.ts';

export interface OpenSession {
  readonly sessionId: SessionId;
  readonly tenant: Tenant;
  readonly subject: string;
  readonly name?: string | undefined;
  readonly metadata?: Metadata | undefined;
  readonly now: number;
}

export interface SessionFacts {
  readonly sessionId: SessionId;
  readonly tenant: Tenant;
  readonly subject: string;
  readonly expiresAt: number;
}

/** A second image or an embedding that came along with an image, kept as a blob of that name. */
export interface Companion {
  readonly blobId: string;
  readonly contentType: string;
}

/** An image as a session knows it. */
export interface ImageFacts {
  readonly imageId: ImageId;
  readonly name?: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly contentType: string;
  readonly reference?: Companion | undefined;
  readonly embedding?: Companion | undefined;
}

/** An image of a session, and how far its preparation is as far as the session was told. */
export interface SessionImage {
  readonly facts: ImageFacts;
  readonly status: ImageStatus;
}

/** A session with its data at one moment, and the position of the log at the same moment (L11). */
export interface SnapshotCut {
  readonly position: Position;
  readonly snapshot: Omit<Snapshot, 'participants' | 'service' | 'limits'>;
}

export interface AddedImage {
  readonly added: boolean;
  readonly image: ImageBody;
}

export interface AcceptClick {
  /** A caller's own key and a fingerprint of what it asked for (A4). */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
  /** One of its own for each command. Same id, same answer: one that is sent twice is applied once. */
  readonly clickId: ClickId;
  readonly imageId: ImageId;
  /** Used when the object does not exist yet; an object of another image is a `conflict`. */
  readonly objectId: ObjectId;
  readonly part: PromptPart;
  readonly clientRef?: string | undefined;
  /** W3C Trace Context of the request; handed to the call that answers it. */
  readonly traceparent?: string | undefined;
  /** Set when a new token would wait too long; refused only if the object has none (A14). */
  readonly overloaded?: { readonly etaMs: number } | undefined;
  readonly now: number;
}

/** What a change of an object's prompt leads to. */
export interface Changed {
  readonly clickId: ClickId;
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  readonly revision: number;
  /** Of the event that the change appended. */
  readonly position: Position;
  /** True when the object needs a call: the caller enqueues it before it answers, also on replays. */
  readonly dirty: boolean;
  /** The image that the call of a dirty object needs; another one when its id is used anew (L2). */
  readonly image?: SessionImage | undefined;
  /** True when an earlier request had done this already. */
  readonly replayed: boolean;
}

/** What a worker needs for a call. */
export interface Work {
  readonly tenant: Tenant;
  readonly revision: number;
  readonly prompt: Prompt;
  readonly image: ImageFacts;
  /** When the prompt became what it is. */
  readonly changedAt: number;
  /** Of the newest click. */
  readonly traceparent?: string | undefined;
}

export type BeginReply =
  | { readonly state: 'work'; readonly work: Work }
  /** Nothing to do: answered, removed, or the session is gone. */
  | { readonly state: 'clean' }
  /** A younger worker has begun. */
  | { readonly state: 'stale' };

/** A mask as the feature server gave it, checked. */
export type Answer = Pick<
  SegmentCompletedPayload,
  'mask' | 'bounds' | 'area' | 'score' | 'model' | 'timings'
>;

export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly prompt: Prompt }
  | { readonly kind: 'problem'; readonly problem: Problem };

export interface CompleteWork {
  readonly objectId: ObjectId;
  readonly revision: number;
  readonly fence: number;
  readonly outcome: Outcome;
  readonly now: number;
}

export interface CompleteReply {
  /** False when the answer came too late: of a removed object, a lost lease, an ended revision. */
  readonly accepted: boolean;
  /** Whether the object needs another call, in refusals too (L4). */
  readonly dirty: boolean;
}

/** Something that waits for work although nobody may be working on it (L7). */
export interface Dirty {
  readonly objects: readonly { readonly objectId: ObjectId; readonly image: ImageFacts }[];
  readonly images: readonly ImageFacts[];
}

/**
 * What is done to sessions: each an aggregate that is changed by one command at a time, atomically,
 * together with the events that the change appends to its log.
 *
 * Guarantees: a command checks everything before it changes anything; one that is refused changes
 * nothing and appends nothing. Commands on a session are serialised. No command but `open` makes a
 * session: on one that is gone they reject with `session_not_found`, unless they say otherwise.
 * Every accepted click is ended exactly once: by `covers` of one completion, or by one
 * `click.cancelled`; `close` ends the rest.
 * Refusals are {@link ProblemError}s; lost storage is `storage_unavailable`.
 */
export interface SessionCommands {
  /** Appends `session.opened`. */
  open(command: OpenSession): Promise<{ readonly position: Position; readonly expiresAt: number }>;
  /** Who owns a session and how long it lives; `undefined` when there is none. Reads only. */
  find(session: SessionId): Promise<SessionFacts | undefined>;
  /** Puts the expiry off to `now` + the life time; false when the session is gone. */
  touch(session: SessionId, now: number): Promise<boolean>;
  snapshot(session: SessionId): Promise<SnapshotCut | undefined>;
  /** Appends `session.closed` and forgets the data; the images it held, or `undefined` when gone. */
  close(
    session: SessionId,
    reason: 'deleted' | 'expired',
    now: number,
  ): Promise<readonly ImageFacts[] | undefined>;
  /** Sessions whose life time is over. */
  expired(now: number): Promise<readonly SessionId[]>;

  /**
   * Appends `image.added` (status `preparing`); the present image when the session has it already,
   * `conflict` when that one has other companions, `limit_reached`.
   */
  addImage(session: SessionId, image: ImageFacts, now: number): Promise<AddedImage>;
  /**
   * Appends `image.ready` or `image.failed` if the image is still in preparation; nothing when it
   * is not, and when the image or the session is gone.
   */
  settleImage(
    session: SessionId,
    image: ImageId,
    problem: Problem | undefined,
    now: number,
  ): Promise<void>;
  image(session: SessionId, image: ImageId): Promise<ImageFacts & { readonly body: ImageBody }>;
  /** Appends `object.removed` for each of its objects, then `image.removed`. */
  removeImage(session: SessionId, image: ImageId, now: number): Promise<ImageFacts>;

  /** Appends `click.accepted`; and `segment.completed` when the prompt's answer is remembered (L1). */
  accept(session: SessionId, command: AcceptClick): Promise<Changed>;
  /** Appends `click.undone`, and what follows from it (A15); a second time it changes nothing. */
  undo(session: SessionId, click: ClickId, now: number): Promise<Changed>;
  click(session: SessionId, click: ClickId): Promise<ClickState & { readonly imageId: ImageId }>;

  object(session: SessionId, object: ObjectId): Promise<ObjectBody>;
  patchObject(
    session: SessionId,
    object: ObjectId,
    patch: ObjectPatch,
    now: number,
  ): Promise<ObjectBody>;
  /** Cancels its pending clicks, appends `object.removed`; the id keeps counting revisions (L2). */
  removeObject(session: SessionId, object: ObjectId, now: number): Promise<void>;
  /** Makes a failed object dirty again; `conflict` when it has not failed. */
  retryObject(
    session: SessionId,
    object: ObjectId,
    now: number,
  ): Promise<{ readonly revision: number; readonly imageId: ImageId }>;

  /** L3: registers the fence of the call that is about to be made. */
  begin(session: SessionId, object: ObjectId, fence: number): Promise<BeginReply>;
  /** L4: publishes what a call brought, or refuses it: that of a session that is gone, too. */
  complete(session: SessionId, command: CompleteWork): Promise<CompleteReply>;
  /** L7: everything of the session that waits for work; nothing when it is gone. */
  dirty(session: SessionId): Promise<Dirty>;
}

/**
 * The sessions. A command that resolved was carried out, and what follows from it may be done; it may
 * be lost together with the server that carried it out.
 */
export interface SessionStore extends SessionCommands {
  /**
   * For commands of which somebody is told that they were carried out. Resolves with the result of
   * `run` when all that was changed by its commands, or had been changed by an earlier one that they
   * repeat, is as durable as this engine was told to make it. Rejects with `storage_unavailable` when
   * that cannot be said: the changes may stay, or may be lost, and the same command may be given again.
   */
  durably<Result>(run: (sessions: SessionCommands) => Promise<Result>): Promise<Result>;
}
