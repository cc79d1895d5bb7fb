import { CLUSTERS } from './appearance-clusters.ts';
import type { RegionGraph } from './region-graph.ts';
import { SHARES } from './region-graph.ts';
import { LIKELIHOOD_CLIP } from './tuning.ts';

/** Share of the smoothing mass: clusters that neither side has say nothing. */
const SMOOTHING = 0.03;

/**
 * How much more each region looks like the foreground than like the background: the clipped log
 * ratio of its clusters' shares in the two.
 * @param foreground per region, 0 to 1
 */
export function logLikelihoodRatios(
  graph: RegionGraph,
  foreground: ArrayLike<number>,
): Float32Array {
  const { count, area, clusters, shares } = graph;
  const inside = new Float64Array(CLUSTERS);
  const outside = new Float64Array(CLUSTERS);
  for (let r = 0; r < count; r++) {
    const weight = foreground[r] as number;
    for (let s = r * SHARES; s < (r + 1) * SHARES; s++) {
      const k = clusters[s] as number;
      const mass = (area[r] as number) * (shares[s] as number);
      inside[k] = (inside[k] as number) + mass * weight;
      outside[k] = (outside[k] as number) + mass * (1 - weight);
    }
  }
  const ratios = clusterRatios(inside, outside);
  const result = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    let sum = 0;
    for (let s = r * SHARES; s < (r + 1) * SHARES; s++) {
      sum += (shares[s] as number) * (ratios[clusters[s] as number] as number);
    }
    result[r] = Math.min(Math.max(sum, -LIKELIHOOD_CLIP), LIKELIHOOD_CLIP);
  }
  return result;
}

function clusterRatios(inside: Float64Array, outside: Float64Array): Float64Array {
  const total = (histogram: Float64Array) => histogram.reduce((sum, value) => sum + value, 1e-6);
  const [all, none] = [total(inside), total(outside)];
  return inside.map((value, k) => {
    const other = (outside[k] as number) / none;
    const floor = SMOOTHING * ((value / all + other) / 2 + 1 / CLUSTERS);
    return Math.log((value / all + floor) / (other + floor));
  });
}
