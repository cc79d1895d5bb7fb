/** What a click is checked for before it may change anything (A12, A14). */
import { ProblemError } from '../../../core/problem.ts';
import type { PromptPart } from '../../../core/prompt.ts';
import type { AcceptClick } from '../../../ports/session-store.ts';
import type { Limits } from '../../../protocol/bodies.ts';
import { limitReached, overloaded, tooManyInFlight } from '../../session/refusals.ts';
import type { ObjectState, SessionState } from './session-state.ts';
import { isDirty } from './session-state.ts';

export type ClickLimits = Pick<Limits, 'maxObjects' | 'maxPointsPerObject'> & {
  readonly maxObjectsInFlight: number;
};

/** A click with nothing but a box counts as one point, so that boxes are bounded too. */
const weight = (part: PromptPart) => Math.max(1, part.points.length);

/**
 * @throws ProblemError `conflict` for an object of another image, `limit_reached`
 */
export function checkLimits(
  state: SessionState,
  object: ObjectState | undefined,
  command: AcceptClick,
  limits: ClickLimits,
): void {
  if (object !== undefined && object.imageId !== command.imageId) {
    throw new ProblemError('conflict', `Object ${object.objectId} belongs to another image.`);
  }
  if (object === undefined && state.objects.size >= limits.maxObjects) {
    throw limitReached('maxObjects', limits.maxObjects);
  }
  const clicks = object?.clicks ?? [];
  const points = clicks.reduce((sum, click) => sum + weight(click.part), weight(command.part));
  if (points > limits.maxPointsPerObject) {
    throw limitReached('maxPointsPerObject', limits.maxPointsPerObject);
  }
}

/**
 * A click that merges takes no place of its own (A13).
 * @throws ProblemError `rate_limited`
 */
export function checkInFlight(
  state: SessionState,
  object: ObjectState | undefined,
  { maxObjects, maxObjectsInFlight }: ClickLimits,
): void {
  if (maxObjectsInFlight >= maxObjects) return;
  if (object !== undefined && isDirty(object)) return;
  let inFlight = 0;
  for (const other of state.objects.values()) if (isDirty(other)) inFlight += 1;
  if (inFlight >= maxObjectsInFlight) throw tooManyInFlight(maxObjectsInFlight);
}

/**
 * A click that merges is never refused for load (A13).
 * @throws ProblemError `overloaded`
 */
export function checkLoad(object: ObjectState | undefined, command: AcceptClick): void {
  if (command.overloaded === undefined) return;
  if (object !== undefined && isDirty(object)) return;
  throw overloaded(command.overloaded.etaMs);
}
