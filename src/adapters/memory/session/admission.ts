/** What a click is checked for before it may change anything (A12, A14). */
import type { InputError } from '../../../core/problem.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { PromptPart, Size } from '../../../core/prompt.ts';
import { boxInside, pointInside } from '../../../core/prompt.ts';
import type { AcceptClick } from '../../../ports/session-store.ts';
import type { Limits } from '../../../protocol/bodies.ts';
import type { ObjectState, SessionState } from './session-state.ts';
import { isDirty } from './session-state.ts';

export type ClickLimits = Pick<Limits, 'maxObjects' | 'maxPointsPerObject'> & {
  readonly maxObjectsInFlight: number;
};

/** About as long as a mask takes: then one of the others has ended. */
const IN_FLIGHT_RETRY_MS = 1_000;

/** @throws ProblemError `out_of_bounds`, naming every coordinate that is */
export function checkInside(part: PromptPart, size: Size): void {
  const errors: InputError[] = [];
  part.points.forEach((point, index) => {
    const path = `points[${index}]`;
    const message = `must lie in 0 <= x < ${size.width}, 0 <= y < ${size.height}`;
    if (pointInside(point, size)) return;
    const inX = pointInside({ x: point.x, y: 0 }, size);
    const inY = pointInside({ x: 0, y: point.y }, size);
    if (!inX) errors.push({ path: `${path}.x`, message });
    if (!inY) errors.push({ path: `${path}.y`, message });
  });
  if (part.box !== undefined && !boxInside(part.box, size)) {
    const message = `must have an area and lie inside ${size.width} × ${size.height}`;
    errors.push({ path: 'box', message });
  }
  if (errors.length === 0) return;
  throw new ProblemError('out_of_bounds', 'The click lies outside the image', { errors });
}

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
    throw new ProblemError('conflict', `Object ${object.objectId} belongs to another image`);
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

export function limitReached(limit: keyof Limits, most: number): ProblemError {
  return new ProblemError('limit_reached', `At most ${most} (${limit})`, { limit });
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

export function tooManyInFlight(most: number): ProblemError {
  return new ProblemError(
    'rate_limited',
    `${most} objects of this session wait for masks already`,
    {
      retryAfterMs: IN_FLIGHT_RETRY_MS,
    },
  );
}

/**
 * A click that merges is never refused for load (A13).
 * @throws ProblemError `overloaded`
 */
export function checkLoad(object: ObjectState | undefined, command: AcceptClick): void {
  if (command.overloaded === undefined) return;
  if (object !== undefined && isDirty(object)) return;
  const { etaMs } = command.overloaded;
  throw new ProblemError('overloaded', `The wait would be about ${Math.ceil(etaMs / 1000)} s`, {
    etaMs,
    retryAfterMs: etaMs,
  });
}
