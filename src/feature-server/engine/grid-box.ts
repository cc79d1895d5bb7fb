import type { Box } from '../../core/prompt.ts';
import type { RegionGraph } from './region-graph.ts';

/** A box on the grid: the object lies in it. */
export interface GridBox extends Box {
  /** Per region, 1 where the object may be. */
  readonly allowed: Uint8Array;
}

/** Share of a region that must lie in the box for the object to have it. */
const MIN_SHARE = 0.2;

/** Finds the regions that a box (in pixels of the grid) leaves to the object. */
export function gridBoxOf(graph: RegionGraph, box: Box): GridBox {
  const inside = new Float32Array(graph.count);
  const [left, right] = pixelsBetween(box.x, box.x + box.width, graph.width);
  const [top, bottom] = pixelsBetween(box.y, box.y + box.height, graph.height);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const region = graph.labels[y * graph.width + x] as number;
      inside[region] = (inside[region] as number) + 1;
    }
  }
  const allowed = Uint8Array.from(inside, (pixels, r) =>
    pixels >= MIN_SHARE * (graph.area[r] as number) ? 1 : 0,
  );
  // A box smaller than any region still holds something.
  const middle = Math.floor((top + bottom) / 2) * graph.width + Math.floor((left + right) / 2);
  allowed[graph.labels[middle] as number] = 1;
  return { ...box, allowed };
}

/** First and last pixel whose centre lies between two places; at least one. */
function pixelsBetween(start: number, end: number, length: number): [number, number] {
  const first = Math.min(Math.max(Math.ceil(start - 0.5), 0), length - 1);
  return [first, Math.max(first, Math.min(Math.ceil(end - 0.5) - 1, length - 1))];
}

/**
 * Keeps a field below 0 outside a box. The bound falls linearly through the box's very edges, so
 * that interpolation finds them between the samples.
 */
export function clipField(field: Float32Array, width: number, box: Box): void {
  for (let i = 0; i < field.length; i++) {
    const x = (i % width) + 0.5;
    const y = Math.floor(i / width) + 0.5;
    const depth = Math.min(x - box.x, box.x + box.width - x, y - box.y, box.y + box.height - y);
    if (depth < (field[i] as number)) field[i] = depth;
  }
}
