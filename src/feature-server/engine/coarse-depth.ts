import type { RegionGraph } from './region-graph.ts';

/** Pixels of the grid per coarse cell, each way. */
const COARSE = 2;
/** Straight and diagonal steps of the chamfer distance (Borgefors 1986); 3 to a cell. */
const STRAIGHT = 3;
const DIAGONAL = 4;

/** Region labels at half resolution, with a rim that belongs to no region. */
export interface CoarseLabels {
  readonly width: number;
  readonly height: number;
  /** Region + 1, or 0 on the rim. */
  readonly regions: Uint16Array;
}

/** Thins the label map for depth queries. */
export function coarseLabels(graph: RegionGraph): CoarseLabels {
  const width = Math.floor((graph.width + 1) / COARSE) + 2;
  const height = Math.floor((graph.height + 1) / COARSE) + 2;
  const regions = new Uint16Array(width * height);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = (y - 1) * COARSE * graph.width + (x - 1) * COARSE;
      regions[y * width + x] = (graph.labels[i] as number) + 1;
    }
  }
  return { width, height, regions };
}

/** How deep a place lies in a set of regions, and how deep that set is at most, in grid pixels. */
export interface Depth {
  readonly at: number;
  readonly most: number;
}

/** Measures depth; the border of the picture counts as outside, as for a person who aims. */
export class DepthMeter {
  readonly #coarse: CoarseLabels;
  readonly #depths: Uint16Array;

  constructor(coarse: CoarseLabels) {
    this.#coarse = coarse;
    this.#depths = new Uint16Array(coarse.regions.length);
  }

  /** @param member per region, 1 for those of the set */
  measure(member: Uint8Array, x: number, y: number): Depth {
    const { width, height, regions } = this.#coarse;
    const depths = this.#depths;
    for (let i = width; i < width * (height - 1); i++) {
      const region = regions[i] as number;
      depths[i] =
        region === 0 || member[region - 1] === 0
          ? 0
          : Math.min(
              (depths[i - 1] as number) + STRAIGHT,
              (depths[i - width] as number) + STRAIGHT,
              (depths[i - width - 1] as number) + DIAGONAL,
              (depths[i - width + 1] as number) + DIAGONAL,
            );
    }
    let most = 0;
    for (let i = width * (height - 1) - 1; i >= width; i--) {
      if (depths[i] === 0) continue;
      const depth = Math.min(
        depths[i] as number,
        (depths[i + 1] as number) + STRAIGHT,
        (depths[i + width] as number) + STRAIGHT,
        (depths[i + width + 1] as number) + DIAGONAL,
        (depths[i + width - 1] as number) + DIAGONAL,
      );
      depths[i] = depth;
      if (depth > most) most = depth;
    }
    const column = Math.min(Math.max(Math.floor(x / COARSE), 0), width - 3) + 1;
    const row = Math.min(Math.max(Math.floor(y / COARSE), 0), height - 3) + 1;
    const scale = COARSE / STRAIGHT;
    return { at: (depths[row * width + column] as number) * scale, most: most * scale };
  }
}
