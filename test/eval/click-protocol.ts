/** The standard click protocol of interactive segmentation, without an engine. */
import type { Point } from '../../src/core/prompt.ts';
import { squaredDistances } from './distance-transform.ts';

/** Mask values: what is neither is to be ignored. */
const OBJECT = 255;
const IGNORED = 128;

/** A true mask, values {@link OBJECT}, {@link IGNORED} and 0. */
export interface Truth {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
}

/** Intersection over union, leaving out the pixels that are to be ignored. */
export function intersectionOverUnion({ values }: Truth, mask: Uint8Array): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === IGNORED) continue;
    const on = values[i] === OBJECT;
    if (on && mask[i] === 1) both++;
    if (on || mask[i] === 1) either++;
  }
  return either === 0 ? 1 : both / either;
}

/**
 * Where a careful person clicks next: at the pixel deepest in the missed area or in the excess,
 * whichever is deeper; at first in the object. Not where somebody clicked before.
 * @param mask the answer so far, 0 or 1; all 0 before the first click
 */
export function nextClick(truth: Truth, mask: Uint8Array, clicked: readonly Point[]): Point {
  const { width, height, values } = truth;
  const missed = values.map((value, i) => (value === OBJECT && mask[i] === 0 ? 1 : 0));
  const excess = values.map((value, i) => (value === 0 && mask[i] === 1 ? 1 : 0));
  const taken = new Set(clicked.map(({ x, y }) => Math.floor(y) * width + Math.floor(x)));
  const positive = deepest(missed, width, height, taken);
  const negative = deepest(excess, width, height, taken);
  const label = positive.depth > negative.depth ? 1 : 0;
  const { at } = label === 1 ? positive : negative;
  return { x: (at % width) + 0.5, y: Math.floor(at / width) + 0.5, label };
}

function deepest(member: Uint8Array, width: number, height: number, taken: ReadonlySet<number>) {
  const depths = squaredDistances(member, width, height);
  let at = 0;
  let depth = 0;
  for (let i = 0; i < depths.length; i++) {
    if ((depths[i] as number) > depth && !taken.has(i)) {
      depth = depths[i] as number;
      at = i;
    }
  }
  return { at, depth };
}
