import type { DepthMeter } from './coarse-depth.ts';
import type { DecodeInput } from './decode-input.ts';
import type { Candidate } from './hypotheses.ts';

/** What the ranker looks at, in this order. */
export const FEATURES = [
  'contrast',
  'weakShare',
  'logArea',
  'borderShare',
  'compactness',
  'valueInside',
  'valueOutside',
  'centred',
  'changeCentred',
  'changeSize',
  'agreement',
] as const;

/** Contrast below which a stretch of contour counts as weak. */
const WEAK = 0.6;

/** Measures every candidate: one row of {@link FEATURES} each. */
export function featuresOf(
  input: DecodeInput,
  candidates: readonly Candidate[],
  meter: DepthMeter,
): Float64Array[] {
  return candidates.map((candidate) =>
    Float64Array.of(
      ...contourFeatures(input, candidate.mask),
      ...valueFeatures(input, candidate),
      ...clickFeatures(input, candidate.mask, meter),
      agreement(input, candidate.mask, candidates),
    ),
  );
}

function contourFeatures({ space }: DecodeInput, mask: Uint8Array): number[] {
  const { from, to, length, strength, area, border, width, height } = space.graph;
  let [contour, contrast, weak, size, rim] = [1e-3, 0, 0, 0, 0];
  for (let e = 0; e < from.length; e++) {
    if (mask[from[e] as number] === mask[to[e] as number]) continue;
    const along = length[e] as number;
    contour += along;
    contrast += along * Math.min(strength[e] as number, 3);
    if ((strength[e] as number) < WEAK) weak += along;
  }
  for (let r = 0; r < mask.length; r++) {
    if (mask[r] === 0) continue;
    size += area[r] as number;
    rim += border[r] as number;
  }
  const around = contour + rim;
  return [
    contrast / contour,
    weak / contour,
    Math.log((size + 1) / (width * height)),
    rim / around,
    Math.min(1.5, (12.57 * size) / (around * around)),
  ];
}

/** Mean worth of what is in and of what is out, for the hypothesis that it came from. */
function valueFeatures({ space }: DecodeInput, { mask, potential }: Candidate): number[] {
  const { area } = space.graph;
  let [inside, sizeIn, outside, sizeOut] = [0, 1e-3, 0, 1e-3];
  for (let r = 0; r < mask.length; r++) {
    const size = area[r] as number;
    const value = Math.min(Math.max(potential[r] as number, -3), 3) * size;
    if (mask[r] === 1) {
      inside += value;
      sizeIn += size;
    } else {
      outside += value;
      sizeOut += size;
    }
  }
  return [inside / sizeIn, outside / sizeOut];
}

/** People aim at the middle of what they mean: of the object first, of what is wrong later. */
function clickFeatures(input: DecodeInput, mask: Uint8Array, meter: DepthMeter): number[] {
  const { clicks, previous, space } = input;
  const click = clicks.at(-1);
  if (!click) return [0, 0, 0];
  const whole = click.label === 1 ? centred(meter, mask, click.x, click.y) : 0;
  if (!previous) return [whole, 0, 0];
  const change = mask.map((on, r) => (on !== previous[r] && on === click.label ? 1 : 0));
  let [changed, before] = [1, 1];
  for (let r = 0; r < mask.length; r++) {
    if (change[r] === 1) changed += space.graph.area[r] as number;
    if (previous[r] === 1) before += space.graph.area[r] as number;
  }
  const size = Math.max(-4, Math.min(2, Math.log(changed / before)));
  return [whole, centred(meter, change, click.x, click.y), size];
}

function centred(meter: DepthMeter, member: Uint8Array, x: number, y: number): number {
  const { at, most } = meter.measure(member, x, y);
  return most === 0 ? 0 : at / most;
}

/** Mean overlap with all candidates. */
function agreement({ space }: DecodeInput, mask: Uint8Array, all: readonly Candidate[]): number {
  const { area } = space.graph;
  let sum = 0;
  for (const other of all) {
    let [both, either] = [1e-3, 1e-3];
    for (let r = 0; r < mask.length; r++) {
      const size = area[r] as number;
      if (mask[r] === 1 || other.mask[r] === 1) either += size;
      if (mask[r] === 1 && other.mask[r] === 1) both += size;
    }
    sum += both / either;
  }
  return sum / all.length;
}
