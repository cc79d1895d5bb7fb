import type { LabImage } from './lab.ts';

/** What a region looks like and where it lies. */
export interface RegionMeans {
  readonly area: Float32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Pixels along the border of the grid. */
  readonly border: Float32Array;
  /** {@link LOOKS} numbers per region: mean L, a, b, spread of L, mean gradient. */
  readonly looks: Float32Array;
}

/** Numbers per region in `looks`. */
export const LOOKS = 5;

/** Sums of one region while its pixels are counted: area, x, y, border, L, a, b, L², gradient. */
const SUMS = 9;

/** Measures every region in one pass over the pixels. */
export function regionMeans(
  { width, height, planes }: LabImage,
  gradient: Float32Array,
  labels: Uint16Array,
  count: number,
): RegionMeans {
  const sums = new Float64Array(count * SUMS);
  const add = (at: number, value: number) => {
    sums[at] = (sums[at] as number) + value;
  };
  for (let i = 0; i < labels.length; i++) {
    const x = i % width;
    const y = (i - x) / width;
    const at = (labels[i] as number) * SUMS;
    const lightness = planes[0][i] as number;
    add(at, 1);
    add(at + 1, x);
    add(at + 2, y);
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) add(at + 3, 1);
    add(at + 4, lightness);
    add(at + 5, planes[1][i] as number);
    add(at + 6, planes[2][i] as number);
    add(at + 7, lightness * lightness);
    add(at + 8, gradient[i] as number);
  }
  return meansOf(sums, count);
}

function meansOf(sums: Float64Array, count: number): RegionMeans {
  const [area, x, y, border] = [0, 1, 2, 3].map(() => new Float32Array(count)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const looks = new Float32Array(count * LOOKS);
  for (let r = 0; r < count; r++) {
    const [size = 1, sx = 0, sy = 0, edge = 0, l = 0, a = 0, b = 0, squares = 0, steep = 0] =
      sums.subarray(r * SUMS, (r + 1) * SUMS);
    area[r] = size;
    x[r] = sx / size;
    y[r] = sy / size;
    border[r] = edge;
    const spread = Math.sqrt(Math.max(0, squares / size - (l / size) ** 2));
    looks.set([l / size, a / size, b / size, spread, steep / size], r * LOOKS);
  }
  return { area, x, y, border, looks };
}
