import type { ClickId, ImageId, ObjectId } from '../../../core/ids.ts';
import type { Problem } from '../../../core/problem.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { PromptPart } from '../../../core/prompt.ts';
import type { Changed, ImageFacts, OpenSession } from '../../../ports/session-store.ts';
import type { ClickStatus, ImageStatus, Metadata } from '../../../protocol/bodies.ts';
import type { SegmentCompletedPayload } from '../../../protocol/events.ts';
import { BoundedMap } from '../bounded-map.ts';
import { RememberedAnswers } from './remembered-answers.ts';
import { SessionLog } from './session-log.ts';

/** Bounds what a session that undoes for ever keeps of clicks that are in no prompt any more. */
const MAX_DEPARTED_CLICKS = 5_000;
/** Bounds the requests, and the callers' keys, whose answers a session can give again. */
const MAX_REPLAYABLE_REQUESTS = 10_000;
/** Bounds the removed objects of which a session knows where their revisions go on. */
const MAX_TOMBSTONES = 5_000;

export interface ImageState {
  readonly facts: ImageFacts;
  status: ImageStatus;
  problem: Problem | undefined;
}

export interface ClickState {
  readonly clickId: ClickId;
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  readonly revision: number;
  readonly part: PromptPart;
  readonly clientRef: string | undefined;
  status: 'pending' | Exclude<ClickStatus, 'queued' | 'running'>;
  /** Sequence of the `segment.completed` that covered it. */
  completedAt: number | undefined;
  problem: Problem | undefined;
  /** Set when it left its object's prompt: what an undo of it, or a second one, is answered. */
  departure: Changed | undefined;
}

/** What outlives an object, so that answers for it cannot be taken for answers of its successor. */
interface Tombstone {
  readonly rev: number;
  readonly run: number;
}

/** An object that is there. Dirty while `rev > done` (LIFECYCLE, session slot). */
export interface ObjectState {
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  /** Revision of the prompt. */
  rev: number;
  /** Last revision that was answered. */
  done: number;
  /** Fence of the newest call that began. */
  run: number;
  /** The revision that it is working on; `undefined` when it has ended. */
  runRevision: number | undefined;
  /** When the prompt became what it is. */
  changedAt: number;
  /** Of the request that brought the newest click. */
  traceparent: string | undefined;
  /** In the prompt, oldest first. */
  clicks: ClickState[];
  label: string | undefined;
  color: string | undefined;
  metadata: Metadata | undefined;
  result: SegmentCompletedPayload | undefined;
  problem: Problem | undefined;
}

/** First answer to a request, and the fingerprint of what was asked under the caller's key. */
interface KeyedAnswer {
  readonly fingerprint: string;
  readonly answer: Changed;
}

/** All of one session. The functions of this folder change it, each command in one go. */
export interface SessionState {
  readonly facts: Omit<OpenSession, 'now'>;
  expiresAt: number;
  readonly log: SessionLog;
  readonly images: Map<ImageId, ImageState>;
  readonly objects: Map<ObjectId, ObjectState>;
  readonly tombstones: BoundedMap<ObjectId, Tombstone>;
  /** Where the revisions of a new object start: above those of every tombstone that was forgotten. */
  revisionFloor: number;
  /** By id, those in a prompt and the departed. */
  readonly clicks: Map<ClickId, ClickState>;
  /** Those in no prompt; forgotten oldest first. */
  readonly departed: BoundedMap<ClickId, true>;
  readonly answers: RememberedAnswers;
  readonly requests: BoundedMap<ClickId, Changed>;
  readonly keys: BoundedMap<string, KeyedAnswer>;
}

/** A session without images; its log is empty. */
export function newSession(
  facts: Omit<OpenSession, 'now'>,
  epoch: number,
  historyEvents: number,
  expiresAt: number,
): SessionState {
  return {
    facts,
    expiresAt,
    log: new SessionLog(epoch, historyEvents),
    images: new Map(),
    objects: new Map(),
    tombstones: new BoundedMap(MAX_TOMBSTONES),
    revisionFloor: 0,
    clicks: new Map(),
    departed: new BoundedMap(MAX_DEPARTED_CLICKS),
    answers: new RememberedAnswers(),
    requests: new BoundedMap(MAX_REPLAYABLE_REQUESTS),
    keys: new BoundedMap(MAX_REPLAYABLE_REQUESTS),
  };
}

export const isDirty = (object: ObjectState): boolean => object.rev > object.done;

/** Whether an object needs a call now, and the image for it. */
export function needOf(state: SessionState, id: ObjectId): Pick<Changed, 'dirty' | 'image'> {
  const object = state.objects.get(id);
  if (object === undefined || !isDirty(object)) return { dirty: false, image: undefined };
  const { facts, status } = requireImage(state, object.imageId);
  return { dirty: true, image: { facts, status } };
}

/** Clicks that no event has ended yet. */
export const isPending = (click: ClickState): boolean => click.status === 'pending';

/** @throws ProblemError `image_not_found` */
export function requireImage(state: SessionState, id: ImageId): ImageState {
  const image = state.images.get(id);
  if (image === undefined) throw new ProblemError('image_not_found', `There is no image ${id}.`);
  return image;
}

/** @throws ProblemError `object_not_found` */
export function requireObject(state: SessionState, id: ObjectId): ObjectState {
  const object = state.objects.get(id);
  if (object === undefined) throw new ProblemError('object_not_found', `There is no object ${id}`);
  return object;
}

/** @throws ProblemError `click_not_found` */
export function requireClick(state: SessionState, id: ClickId): ClickState {
  const click = state.clicks.get(id);
  if (click === undefined) throw new ProblemError('click_not_found', `There is no click ${id}`);
  return click;
}
