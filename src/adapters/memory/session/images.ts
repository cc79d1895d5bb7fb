import type { ImageId } from '../../../core/ids.ts';
import type { Problem } from '../../../core/problem.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { AddedImage, ImageFacts } from '../../../ports/session-store.ts';
import { imageBody } from '../../session/image-body.ts';
import { limitReached } from '../../session/refusals.ts';
import { buryObject } from './lifecycle.ts';
import type { ImageState, SessionState } from './session-state.ts';
import { requireImage } from './session-state.ts';

const sameCompanions = (a: ImageFacts, b: ImageFacts) =>
  a.reference?.blobId === b.reference?.blobId && a.embedding?.blobId === b.embedding?.blobId;

/** A9. */
export function addImage(
  state: SessionState,
  facts: ImageFacts,
  maxImages: number,
  now: number,
): AddedImage {
  const present = state.images.get(facts.imageId);
  if (present !== undefined && !sameCompanions(present.facts, facts)) {
    throw new ProblemError('conflict', 'The image is here with another reference or embedding.');
  }
  if (present !== undefined) return { added: false, image: imageBody(present) };
  if (state.images.size >= maxImages) throw limitReached('maxImages', maxImages);
  const image: ImageState = { facts, status: 'preparing', problem: undefined };
  state.images.set(facts.imageId, image);
  const body = imageBody(image);
  state.log.append('image.added', body, now);
  return { added: true, image: body };
}

/** A11. Nothing to do for an image that was removed or has been settled. */
export function settleImage(
  state: SessionState,
  id: ImageId,
  problem: Problem | undefined,
  now: number,
): void {
  const image = state.images.get(id);
  if (image?.status !== 'preparing') return;
  image.status = problem === undefined ? 'ready' : 'failed';
  image.problem = problem;
  state.log.append(problem === undefined ? 'image.ready' : 'image.failed', imageBody(image), now);
}

/** A10. */
export function removeImage(state: SessionState, id: ImageId, now: number): ImageFacts {
  const { facts } = requireImage(state, id);
  for (const object of [...state.objects.values()]) {
    if (object.imageId === id) buryObject(state, object, now);
  }
  state.images.delete(id);
  state.answers.forgetImage(id);
  state.log.append('image.removed', { imageId: id }, now);
  return facts;
}
