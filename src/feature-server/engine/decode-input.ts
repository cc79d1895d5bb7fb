import type { GraphSpace } from './graph-space.ts';
import type { GridBox } from './grid-box.ts';

/** A click on the grid. */
export interface GridClick {
  readonly x: number;
  readonly y: number;
  readonly label: 0 | 1;
  readonly region: number;
}

/** Everything that one step of decoding goes by. */
export interface DecodeInput {
  readonly space: GraphSpace;
  /** In order; the last is the one that this step answers. None when only a box is given. */
  readonly clicks: readonly GridClick[];
  /** Mask per region before the last click; none at the first step. */
  readonly previous: Uint8Array | undefined;
  readonly box: GridBox | undefined;
  /** Per region: 1 for a positive, −1 for a negative click in it, the newest counting; else 0. */
  readonly seeds: Int8Array;
}

/** The seeds that clicks and box make. */
export function seedsOf(
  count: number,
  clicks: readonly GridClick[],
  box: GridBox | undefined,
): Int8Array {
  const seeds = new Int8Array(count);
  if (box) for (let r = 0; r < count; r++) seeds[r] = box.allowed[r] === 1 ? 0 : -1;
  for (const { region, label } of clicks) seeds[region] = label === 1 ? 1 : -1;
  return seeds;
}
