import type { ImageId, ObjectId } from '../../../core/ids.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { ObjectBody, ObjectPatch } from '../../../protocol/bodies.ts';
import { buryObject, renewPreparation } from './lifecycle.ts';
import type { SessionState } from './session-state.ts';
import { requireObject } from './session-state.ts';
import { looks, objectBody, objectStatus } from './views.ts';

/** A16. A field that the patch leaves out stays as it is. */
export function patchObject(
  state: SessionState,
  id: ObjectId,
  patch: ObjectPatch,
  now: number,
): ObjectBody {
  const object = requireObject(state, id);
  if (patch.label !== undefined) object.label = patch.label ?? undefined;
  if (patch.color !== undefined) object.color = patch.color ?? undefined;
  if (patch.metadata !== undefined) object.metadata = patch.metadata ?? undefined;
  const { objectId, imageId, rev } = object;
  const payload = { objectId, imageId, revision: rev, ...looks(object) };
  state.log.append('object.updated', payload, now);
  return objectBody(object);
}

/** A16, L2. */
export function removeObject(state: SessionState, id: ObjectId, now: number): void {
  buryObject(state, requireObject(state, id), now);
}

/** A16. The prompt is what it was, so the revision stays; it only counts as not answered. */
export function retryObject(
  state: SessionState,
  id: ObjectId,
  now: number,
): { readonly revision: number; readonly imageId: ImageId } {
  const object = requireObject(state, id);
  if (objectStatus(object) !== 'failed') {
    throw new ProblemError('conflict', `Object ${id} has not failed`);
  }
  object.done = object.rev - 1;
  object.changedAt = now;
  renewPreparation(state, object.imageId);
  return { revision: object.rev, imageId: object.imageId };
}
