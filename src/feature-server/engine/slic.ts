import type { LabImage } from './lab.ts';

/** How much a step of one region's width counts against colour (Lab units). */
const COMPACTNESS = 10;
const ITERATIONS = 5;
/** How far a centre looks for its pixels, in steps; centres have moved by less than a tenth. */
const REACH = 1.1;

/** Cluster centres: colour and place. */
interface Centres {
  readonly count: number;
  readonly values: Float32Array;
}

/** Numbers per centre: L, a, b, x, y. */
const FIELDS = 5;

/**
 * Superpixels: Achanta et al., "SLIC Superpixels Compared to State-of-the-Art Superpixel Methods"
 * (PAMI 2012). Labels need not be connected yet.
 * @param step wished width of a region, in pixels
 */
export function slic(lab: LabImage, gradient: Float32Array, step: number): Uint16Array {
  const { width, height } = lab;
  const centres = startingCentres(lab, gradient, step);
  const labels = new Uint16Array(width * height);
  const distances = new Float32Array(width * height);
  for (let round = 0; round < ITERATIONS; round++) {
    distances.fill(Number.POSITIVE_INFINITY);
    for (let k = 0; k < centres.count; k++) assign(lab, centres, k, step, labels, distances);
    moveCentres(lab, centres, labels);
  }
  return labels;
}

function startingCentres(lab: LabImage, gradient: Float32Array, step: number): Centres {
  const { width, height, planes } = lab;
  const columns = Math.max(1, Math.round(width / step));
  const rows = Math.max(1, Math.round(height / step));
  const values = new Float32Array(columns * rows * FIELDS);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = Math.floor(((column + 0.5) * width) / columns);
      const y = Math.floor(((row + 0.5) * height) / rows);
      const i = calmest(gradient, width, height, x, y);
      for (const plane of planes) values[at++] = plane[i] as number;
      values[at++] = i % width;
      values[at++] = Math.floor(i / width);
    }
  }
  return { count: columns * rows, values };
}

/** The pixel of least gradient around one: a centre on an edge would straddle it. */
function calmest(gradient: Float32Array, width: number, height: number, x: number, y: number) {
  let best = y * width + x;
  for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
      const i = v * width + u;
      if ((gradient[i] as number) < (gradient[best] as number)) best = i;
    }
  }
  return best;
}

function assign(
  { width, height, planes: [lightness, a, b] }: LabImage,
  { values }: Centres,
  k: number,
  step: number,
  labels: Uint16Array,
  distances: Float32Array,
): void {
  const [l0 = 0, a0 = 0, b0 = 0, x0 = 0, y0 = 0] = values.subarray(k * FIELDS, (k + 1) * FIELDS);
  const reach = Math.ceil(step * REACH);
  const weight = (COMPACTNESS / step) ** 2;
  const right = Math.min(width - 1, Math.floor(x0) + reach);
  const left = Math.max(0, Math.floor(x0) - reach);
  const bottom = Math.min(height - 1, Math.floor(y0) + reach);
  for (let y = Math.max(0, Math.floor(y0) - reach); y <= bottom; y++) {
    const down = (y - y0) * (y - y0) * weight;
    for (let i = y * width + left, x = left; x <= right; x++, i++) {
      const dl = (lightness[i] as number) - l0;
      const da = (a[i] as number) - a0;
      const db = (b[i] as number) - b0;
      const distance = dl * dl + da * da + db * db + down + (x - x0) * (x - x0) * weight;
      if (distance < (distances[i] as number)) {
        distances[i] = distance;
        labels[i] = k;
      }
    }
  }
}

function moveCentres(lab: LabImage, { count, values }: Centres, labels: Uint16Array): void {
  const { width, planes } = lab;
  const [lightness, a, b] = planes;
  const sums = new Float64Array(count * (FIELDS + 1));
  for (let i = 0, x = 0, y = 0; i < labels.length; i++, x++) {
    if (x === width) {
      x = 0;
      y++;
    }
    const at = (labels[i] as number) * (FIELDS + 1);
    sums[at] = (sums[at] as number) + (lightness[i] as number);
    sums[at + 1] = (sums[at + 1] as number) + (a[i] as number);
    sums[at + 2] = (sums[at + 2] as number) + (b[i] as number);
    sums[at + 3] = (sums[at + 3] as number) + x;
    sums[at + 4] = (sums[at + 4] as number) + y;
    sums[at + 5] = (sums[at + 5] as number) + 1;
  }
  for (let k = 0; k < count; k++) {
    const size = sums[k * (FIELDS + 1) + FIELDS] as number;
    if (size === 0) continue;
    for (let f = 0; f < FIELDS; f++) {
      values[k * FIELDS + f] = (sums[k * (FIELDS + 1) + f] as number) / size;
    }
  }
}
