/** A Gaussian of σ ≈ 1, cut off at two pixels and normalised. */
const CENTRE = 0.40262;
const NEAR = 0.244201;
const FAR = 0.054489;

/** Blurs one plane by a Gaussian of σ 1; beyond the border its edge pixels go on. */
export function blur(plane: Float32Array, width: number, height: number): Float32Array {
  const across = new Float32Array(plane.length);
  for (let y = 0; y < height; y++) blurLine(plane, across, y * width, 1, width);
  const both = new Float32Array(plane.length);
  const at = (y: number) => Math.min(Math.max(y, 0), height - 1) * width;
  for (let y = 0; y < height; y++) {
    const [a, b, c, d, e] = [at(y - 2), at(y - 1), at(y), at(y + 1), at(y + 2)];
    for (let x = 0; x < width; x++) {
      both[c + x] =
        ((across[a + x] as number) + (across[e + x] as number)) * FAR +
        ((across[b + x] as number) + (across[d + x] as number)) * NEAR +
        (across[c + x] as number) * CENTRE;
    }
  }
  return both;
}

function blurLine(from: Float32Array, to: Float32Array, start: number, step: number, n: number) {
  const at = (i: number) => from[start + Math.min(Math.max(i, 0), n - 1) * step] as number;
  const inner = Math.max(2, n - 2);
  for (let i = 0; i < n; i++) {
    if (i === 2 && inner > 2) i = blurInner(from, to, start, inner);
    if (i >= n) break;
    to[start + i] = (at(i - 2) + at(i + 2)) * FAR + (at(i - 1) + at(i + 1)) * NEAR + at(i) * CENTRE;
  }
}

/** The part of a row that has all its neighbours; returns the index after it. */
function blurInner(from: Float32Array, to: Float32Array, start: number, end: number): number {
  for (let i = start + 2; i < start + end; i++) {
    to[i] =
      ((from[i - 2] as number) + (from[i + 2] as number)) * FAR +
      ((from[i - 1] as number) + (from[i + 1] as number)) * NEAR +
      (from[i] as number) * CENTRE;
  }
  return end;
}
