/** Why a session refuses something, in the same words whatever engine keeps it (A12, A14). */
import type { InputError } from '../../core/problem.ts';
import { ProblemError } from '../../core/problem.ts';
import type { PromptPart, Size } from '../../core/prompt.ts';
import { boxInside, pointInside } from '../../core/prompt.ts';
import type { Limits } from '../../protocol/bodies.ts';

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
  throw new ProblemError('out_of_bounds', 'The click lies outside the image.', { errors });
}

/** The limits that end with a refusal for good, as their sentences say them. */
const LIMITED = {
  maxImages: (most) => `A session holds at most ${most} images.`,
  maxObjects: (most) => `A session holds at most ${most} objects.`,
  maxPointsPerObject: (most) => `An object holds at most ${most} points.`,
} satisfies Partial<Record<keyof Limits, (most: number) => string>>;

export function limitReached(limit: keyof typeof LIMITED, most: number): ProblemError {
  return new ProblemError('limit_reached', LIMITED[limit](most), { limit });
}

export function tooManyInFlight(most: number): ProblemError {
  const detail = `${most} objects of this session wait for masks already.`;
  return new ProblemError('rate_limited', detail, { retryAfterMs: IN_FLIGHT_RETRY_MS });
}

export function overloaded(etaMs: number): ProblemError {
  return new ProblemError('overloaded', `The wait would be about ${Math.ceil(etaMs / 1000)} s.`, {
    etaMs,
    retryAfterMs: etaMs,
  });
}
