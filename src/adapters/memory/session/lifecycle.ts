/** What several commands do to an object or a click. None of it can be refused. */
import type { Position } from '../../../core/cursor.ts';
import type { ImageId, ObjectId } from '../../../core/ids.ts';
import type { ClickCancelledPayload } from '../../../protocol/events.ts';
import type { ClickState, ObjectState, SessionState } from './session-state.ts';
import { isPending } from './session-state.ts';

/** Makes an object that has no click yet; the revisions of a namesake go on (L2). */
export function createObject(
  state: SessionState,
  objectId: ObjectId,
  imageId: ImageId,
): ObjectState {
  const buried = state.tombstones.get(objectId);
  const rev = buried?.rev ?? state.revisionFloor;
  const object: ObjectState = {
    objectId,
    imageId,
    rev,
    done: rev,
    run: buried?.run ?? 0,
    runRevision: undefined,
    changedAt: 0,
    traceparent: undefined,
    clicks: [],
    label: undefined,
    color: undefined,
    metadata: undefined,
    result: undefined,
    problem: undefined,
  };
  state.tombstones.delete(objectId);
  state.objects.set(objectId, object);
  return object;
}

/** Cancels what is pending, appends `object.removed`, leaves a tombstone with `done = rev` (L2). */
export function buryObject(state: SessionState, object: ObjectState, now: number): void {
  const { objectId, imageId, rev, run } = object;
  for (const click of object.clicks) {
    if (isPending(click)) cancelClick(state, click, 'object_removed', now);
  }
  const position = state.log.append('object.removed', { objectId, imageId }, now);
  for (const click of object.clicks) departClick(state, click, rev, position);
  state.objects.delete(objectId);
  for (const [, forgotten] of state.tombstones.set(objectId, { rev, run })) {
    state.revisionFloor = Math.max(state.revisionFloor, forgotten.rev);
  }
}

export function cancelClick(
  state: SessionState,
  click: ClickState,
  reason: ClickCancelledPayload['reason'],
  now: number,
): void {
  const { clickId, objectId } = click;
  state.log.append('click.cancelled', { clickId, objectId, reason }, now);
  if (click.status === 'pending') click.status = 'cancelled';
}

/** The click is in no prompt any more; an undo of it is answered with this revision and position. */
export function departClick(
  state: SessionState,
  click: ClickState,
  revision: number,
  position: Position,
): void {
  const { clickId, objectId, imageId } = click;
  const answer = { clickId, objectId, imageId, revision, position, dirty: false, replayed: false };
  click.departure = answer;
  for (const [forgotten] of state.departed.set(clickId, true)) state.clicks.delete(forgotten);
}

/** The object needs a call, and with it a prepared image: one that failed is prepared anew (A11). */
export function renewPreparation(state: SessionState, imageId: ImageId): void {
  const image = state.images.get(imageId);
  if (image?.status !== 'failed') return;
  image.status = 'preparing';
  image.problem = undefined;
}
