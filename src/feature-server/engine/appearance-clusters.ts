import { SHARES } from './region-graph.ts';
import { LOOKS } from './region-means.ts';

/** Clusters per image. */
export const CLUSTERS = 64;
const ITERATIONS = 4;
/** Distance in `looks` at which a cluster's share has fallen to e^-½. */
const SOFTNESS = 5;
/** Weights of L, a, b, spread of L, and gradient in that distance. */
const WEIGHTS = [0.8, 1.2, 1.2, 0.7, 0.7] as const;

/** Which clusters each region belongs to, and how much. */
export interface SoftClusters {
  readonly clusters: Uint8Array;
  readonly shares: Float32Array;
}

/**
 * Soft assignment of regions to clusters of like colour and texture: k-means from centres chosen
 * farthest first, so that no chance is involved, then shares that fall off with distance.
 */
export function appearanceClusters(looks: Float32Array, count: number): SoftClusters {
  const points = looks.map((value, i) => value * (WEIGHTS[i % LOOKS] as number));
  const used = Math.min(CLUSTERS, count);
  const centres = farthestFirst(points, count, used);
  for (let round = 0; round < ITERATIONS; round++) moveCentres(points, count, centres, used);
  const clusters = new Uint8Array(count * SHARES);
  const shares = new Float32Array(count * SHARES);
  const distances = new Float32Array(used);
  for (let r = 0; r < count; r++) {
    for (let k = 0; k < used; k++) distances[k] = squaredDistance(points, r, centres, k);
    assignShares(distances, r, clusters, shares);
  }
  return { clusters, shares };
}

function squaredDistance(a: Float32Array, i: number, b: Float32Array, j: number): number {
  let sum = 0;
  for (let f = 0; f < LOOKS; f++) {
    const d = (a[i * LOOKS + f] as number) - (b[j * LOOKS + f] as number);
    sum += d * d;
  }
  return sum;
}

function farthestFirst(points: Float32Array, count: number, used: number): Float32Array {
  const centres = new Float32Array(used * LOOKS);
  const nearest = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
  let next = 0;
  for (let k = 0; k < used; k++) {
    centres.set(points.subarray(next * LOOKS, (next + 1) * LOOKS), k * LOOKS);
    let farthest = 0;
    for (let r = 0; r < count; r++) {
      const distance = Math.min(nearest[r] as number, squaredDistance(points, r, centres, k));
      nearest[r] = distance;
      if (distance > (nearest[farthest] as number)) farthest = r;
    }
    next = farthest;
  }
  return centres;
}

function moveCentres(points: Float32Array, count: number, centres: Float32Array, used: number) {
  const sums = new Float64Array(used * LOOKS);
  const sizes = new Float64Array(used);
  for (let r = 0; r < count; r++) {
    let nearest = 0;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < used; k++) {
      const distance = squaredDistance(points, r, centres, k);
      if (distance < least) {
        least = distance;
        nearest = k;
      }
    }
    sizes[nearest] = (sizes[nearest] as number) + 1;
    for (let f = 0; f < LOOKS; f++) {
      const at = nearest * LOOKS + f;
      sums[at] = (sums[at] as number) + (points[r * LOOKS + f] as number);
    }
  }
  for (let at = 0; at < used * LOOKS; at++) {
    const size = sizes[Math.floor(at / LOOKS)] as number;
    if (size > 0) centres[at] = (sums[at] as number) / size;
  }
}

/** The nearest few clusters; their shares add up to 1. */
function assignShares(
  distances: Float32Array,
  r: number,
  clusters: Uint8Array,
  shares: Float32Array,
) {
  let total = 0;
  let closest = 0;
  const taken = Math.min(SHARES, distances.length);
  for (let s = 0; s < taken; s++) {
    let best = 0;
    for (let k = 1; k < distances.length; k++) {
      if ((distances[k] as number) < (distances[best] as number)) best = k;
    }
    const distance = distances[best] as number;
    if (s === 0) closest = distance;
    distances[best] = Number.POSITIVE_INFINITY;
    const share = Math.exp((closest - distance) / (2 * SOFTNESS * SOFTNESS));
    clusters[r * SHARES + s] = best;
    shares[r * SHARES + s] = share;
    total += share;
  }
  for (let s = 0; s < taken; s++) {
    shares[r * SHARES + s] = (shares[r * SHARES + s] as number) / total;
  }
}
