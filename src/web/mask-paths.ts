/** Masks as paths of the canvas, made once each. */
import type { SegmentCompletedPayload } from '../client/index.ts';
import { boundsOfRuns, decodeRle, maskOfRuns } from '../core/rle.ts';
import { contours } from './contours.ts';

const known = new WeakMap<SegmentCompletedPayload, Path2D>();

function trace(result: SegmentCompletedPayload): Path2D {
  const path = new Path2D();
  const [height, width] = result.mask.size;
  const runs = decodeRle(result.mask);
  const bounds = boundsOfRuns(runs, height);
  if (bounds === null) return path;
  const size = { width, height };
  for (const loop of contours(maskOfRuns(runs, size), size, bounds)) {
    path.moveTo(loop[0] ?? 0, loop[1] ?? 0);
    for (let at = 2; at < loop.length; at += 2) path.lineTo(loop[at] ?? 0, loop[at + 1] ?? 0);
    path.closePath();
  }
  return path;
}

/** The outline of a mask in image pixels, to be filled by the even-odd rule; empty if unreadable. */
export function maskPath(result: SegmentCompletedPayload): Path2D {
  let path = known.get(result);
  if (path === undefined) {
    try {
      path = trace(result);
    } catch {
      path = new Path2D();
    }
    known.set(result, path);
  }
  return path;
}
