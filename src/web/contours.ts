/** Outlines of masks, so that they can be drawn crisply at any zoom. Pure. */
import type { Box, Size } from '../core/prompt.ts';

/** A closed line, x and y in turn, in image pixels. */
export type Loop = Float32Array;

/** East, south, west, north. */
const STEP_X = [1, 0, -1, 0] as const;
const STEP_Y = [0, 1, 0, -1] as const;
/** From a corner, the pixels ahead to the right and to the left of each direction. */
const RIGHT = [
  [0, 0],
  [-1, 0],
  [-1, -1],
  [0, -1],
] as const;
const LEFT = [
  [0, -1],
  [0, 0],
  [-1, 0],
  [-1, -1],
] as const;

type Inside = (x: number, y: number) => boolean;

/** Where to turn at a corner, walking with the mask on the right hand: 1 right, 0 straight, 3 left. */
function turn(inside: Inside, x: number, y: number, heading: number): number {
  const [rightX, rightY] = RIGHT[heading] ?? [0, 0];
  if (!inside(x + rightX, y + rightY)) return 1;
  const [leftX, leftY] = LEFT[heading] ?? [0, 0];
  return inside(x + leftX, y + leftY) ? 3 : 0;
}

/**
 * Walks along one border. Collects the middles of its unit edges: joined, they cut the corners of
 * the pixel stairs, which is what an eye expects of an outline.
 */
function walk(inside: Inside, left: number, top: number, passed: (x: number, y: number) => void) {
  const middles: number[] = [];
  let x = left;
  let y = top;
  let heading = 0;
  do {
    if (heading === 0) passed(x, y);
    const stepX = STEP_X[heading] ?? 0;
    const stepY = STEP_Y[heading] ?? 0;
    middles.push(x + stepX / 2, y + stepY / 2);
    x += stepX;
    y += stepY;
    heading = (heading + turn(inside, x, y, heading)) % 4;
  } while (x !== left || y !== top || heading !== 0);
  return middles;
}

/** Times that an outline is smoothed: shallow slopes have long stairs. */
const PASSES = 3;

/** Weighs each point with its neighbours (1, 2, 1): rounds what is left of the stairs. */
function smooth(points: ArrayLike<number>): Loop {
  const count = points.length;
  const loop = new Float32Array(count);
  for (let at = 0; at < count; at += 1) {
    const before = points[(at - 2 + count) % count] ?? 0;
    const after = points[(at + 2) % count] ?? 0;
    loop[at] = (before + 2 * (points[at] ?? 0) + after) / 4;
  }
  return loop;
}

/** Leaves out points that lie on the straight line between their neighbours. */
function simplify(loop: Loop): Loop {
  const count = loop.length;
  const kept: number[] = [];
  for (let at = 0; at < count; at += 2) {
    const x = loop[at] ?? 0;
    const y = loop[at + 1] ?? 0;
    const inX = x - (loop[(at - 2 + count) % count] ?? 0);
    const inY = y - (loop[(at - 1 + count) % count] ?? 0);
    const outX = (loop[(at + 2) % count] ?? 0) - x;
    const outY = (loop[(at + 3) % count] ?? 0) - y;
    if (Math.abs(inX * outY - inY * outX) > 1e-4) kept.push(x, y);
  }
  return Float32Array.from(kept);
}

/**
 * The borders of a row-major mask, holes included; fill them by the even-odd rule.
 * @param bounds the rectangle that holds all foreground; nothing outside it is read
 */
export function contours(mask: Uint8Array, { width, height }: Size, bounds: Box): readonly Loop[] {
  const inside: Inside = (x, y) =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] === 1;
  const seen = new Uint8Array(bounds.width * bounds.height);
  const slot = (x: number, y: number): number => (y - bounds.y) * bounds.width + x - bounds.x;
  const loops: Loop[] = [];
  for (let y = bounds.y; y < bounds.y + bounds.height; y += 1) {
    for (let x = bounds.x; x < bounds.x + bounds.width; x += 1) {
      if (seen[slot(x, y)] === 1 || !inside(x, y) || inside(x, y - 1)) continue;
      const middles = walk(inside, x, y, (px, py) => {
        seen[slot(px, py)] = 1;
      });
      let loop: Loop = Float32Array.from(middles);
      for (let pass = 0; pass < PASSES; pass += 1) loop = smooth(loop);
      loops.push(simplify(loop));
    }
  }
  return loops;
}
