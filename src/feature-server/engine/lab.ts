import type { Box } from '../../core/prompt.ts';
import type { PixelImage } from './pixel-image.ts';

/** CIE L*a*b* (D65) in three planes, row by row. */
export interface LabImage {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly [Float32Array, Float32Array, Float32Array];
}

/** Steps of the table of the Lab companding function over [0, 1]; finer than 8-bit colour. */
const TABLE_STEPS = 4096;

const LINEAR = Float32Array.from({ length: 256 }, (_, value) => {
  const v = value / 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
});

const COMPANDED = Float32Array.from({ length: TABLE_STEPS + 2 }, (_, step) => {
  const t = step / TABLE_STEPS;
  return t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116;
});

/** Companded `t`, interpolated: near black the function is too steep for the nearest step. */
function companded(t: number): number {
  const at = t * TABLE_STEPS;
  const step = Math.floor(at);
  const low = COMPANDED[step] as number;
  return low + ((COMPANDED[step + 1] as number) - low) * (at - step);
}

/** The part of an image under `window` (whole pixels), averaged down to a grid, in Lab. */
export function labOf(image: PixelImage, window: Box, width: number, height: number): LabImage {
  const linear = averaged(image, window, width, height);
  const [lightness, a, b] = [0, 1, 2].map(() => new Float32Array(width * height)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < width * height; i++) {
    const red = linear[i * 3] as number;
    const green = linear[i * 3 + 1] as number;
    const blue = linear[i * 3 + 2] as number;
    const fx = companded((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047);
    const fy = companded(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
    const fz = companded((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883);
    lightness[i] = 116 * fy - 16;
    a[i] = 500 * (fx - fy);
    b[i] = 200 * (fy - fz);
  }
  return { width, height, planes: [lightness, a, b] };
}

/** Linear light, each grid cell the mean of the pixels that it covers, shares counted. */
function averaged(image: PixelImage, window: Box, width: number, height: number): Float32Array {
  const across = shares(window.width, width);
  const row = new Float32Array(width * 3);
  const cells = new Float32Array(width * height * 3);
  for (const { cell, from, to, first, last } of shares(window.height, height)) {
    for (let y = from; y <= to; y++) {
      averageRow(image.data, ((window.y + y) * image.width + window.x) * 3, across, row);
      const share = y === from ? first : y === to ? last : 1;
      const target = cell * width * 3;
      for (let i = 0; i < row.length; i++) {
        cells[target + i] = (cells[target + i] as number) + (row[i] as number) * share;
      }
    }
  }
  const size = (window.width * window.height) / (width * height);
  for (let i = 0; i < cells.length; i++) cells[i] = (cells[i] as number) / size;
  return cells;
}

/** Sums of linear light over the cells of one row of pixels. */
function averageRow(data: Uint8Array, start: number, across: readonly Share[], row: Float32Array) {
  for (const { cell, from, to, first, last } of across) {
    let [red, green, blue] = [0, 0, 0];
    for (let x = from; x <= to; x++) {
      const share = x === from ? first : x === to ? last : 1;
      const i = start + x * 3;
      red += (LINEAR[data[i] as number] as number) * share;
      green += (LINEAR[data[i + 1] as number] as number) * share;
      blue += (LINEAR[data[i + 2] as number] as number) * share;
    }
    row[cell * 3] = red;
    row[cell * 3 + 1] = green;
    row[cell * 3 + 2] = blue;
  }
}

/** The source pixels that a cell covers, and how much of the first and the last. */
interface Share {
  readonly cell: number;
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
}

function shares(source: number, cells: number): Share[] {
  return Array.from({ length: cells }, (_, cell) => {
    const start = (cell * source) / cells;
    const end = ((cell + 1) * source) / cells;
    const from = Math.floor(start);
    const to = Math.min(source - 1, Math.ceil(end - 1e-9) - 1);
    if (from === to) return { cell, from, to, first: end - start, last: 0 };
    return { cell, from, to, first: from + 1 - start, last: end - to };
  });
}
