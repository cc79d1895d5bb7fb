import { blur } from './blur.ts';
import type { RegionGraph } from './region-graph.ts';

/** What a click forces on the samples around it. */
const FORCED = 0.25;

/**
 * A smooth field over the grid, positive inside the mask: region boundaries are jagged, the blur
 * takes that off. Clicks hold at their very pixel, whatever the blur did there.
 */
export function fieldOf(
  { width, height, labels }: RegionGraph,
  mask: Uint8Array,
  clicks: readonly { readonly x: number; readonly y: number; readonly label: 0 | 1 }[],
): Float32Array {
  const hard = new Float32Array(labels.length);
  for (let i = 0; i < hard.length; i++) hard[i] = mask[labels[i] as number] === 1 ? 1 : -1;
  const field = blur(hard, width, height);
  for (const { x, y, label } of clicks) {
    const left = Math.min(Math.max(Math.floor(x - 0.5), 0), width - 1);
    const top = Math.min(Math.max(Math.floor(y - 0.5), 0), height - 1);
    for (const v of [top, Math.min(top + 1, height - 1)]) {
      for (const u of [left, Math.min(left + 1, width - 1)]) {
        const i = v * width + u;
        const value = field[i] as number;
        field[i] = label === 1 ? Math.max(value, FORCED) : Math.min(value, -FORCED);
      }
    }
  }
  return field;
}
