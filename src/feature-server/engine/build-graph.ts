import type { Box } from '../../core/prompt.ts';
import { appearanceClusters } from './appearance-clusters.ts';
import { blur } from './blur.ts';
import { connectLabels } from './connect-labels.ts';
import { gradientOf } from './gradient.ts';
import type { LabImage } from './lab.ts';
import { labOf } from './lab.ts';
import type { PixelImage } from './pixel-image.ts';
import { regionEdges } from './region-edges.ts';
import type { RegionGraph } from './region-graph.ts';
import type { RegionMeans } from './region-means.ts';
import { LOOKS, regionMeans } from './region-means.ts';
import { slic } from './slic.ts';

/** Regions that an image is cut into; a round number per image keeps decoding time steady. */
const REGIONS = 1630;
/** What the step of mean colour between two regions adds to the gradient along their boundary. */
const COLOUR_STEP = 0.4;
/** Pieces of less than this share of a region's usual size join a neighbour. */
const MIN_PIECE = 0.25;

/** Cuts the part of an image under `window` into regions, on a grid of the given longest side. */
export function buildGraph(image: PixelImage, window: Box, longestSide: number): RegionGraph {
  const scale = Math.min(1, longestSide / Math.max(window.width, window.height));
  const width = Math.max(1, Math.round(window.width * scale));
  const height = Math.max(1, Math.round(window.height * scale));
  const lab = blurred(labOf(image, window, width, height));
  const gradient = gradientOf(lab);
  const step = Math.max(2, Math.sqrt((width * height) / REGIONS));
  const loose = slic(lab, gradient, step);
  const { labels, count } = connectLabels(loose, width, height, step * step * MIN_PIECE);
  const { looks, ...means } = regionMeans(lab, gradient, labels, count);
  const { gradient: steepness, ...edges } = regionEdges(labels, gradient, width, height);
  const strength = normalised(withColourSteps(steepness, edges, looks), edges.length);
  const clusters = appearanceClusters(looks, count);
  return { width, height, count, labels, ...means, ...edges, strength, ...clusters };
}

function blurred({ width, height, planes: [l, a, b] }: LabImage): LabImage {
  return {
    width,
    height,
    planes: [blur(l, width, height), blur(a, width, height), blur(b, width, height)],
  };
}

function withColourSteps(
  steepness: Float32Array,
  { from, to }: Pick<RegionGraph, 'from' | 'to'>,
  looks: RegionMeans['looks'],
): Float32Array {
  return steepness.map((steep, e) => {
    let sum = 0;
    for (let f = 0; f < 3; f++) {
      const one = looks[(from[e] as number) * LOOKS + f] as number;
      sum += (one - (looks[(to[e] as number) * LOOKS + f] as number)) ** 2;
    }
    return steep + COLOUR_STEP * Math.sqrt(sum);
  });
}

/** Divided by the mean over all boundary pixels; a flat image stays 0. */
function normalised(strength: Float32Array, length: Float32Array): Float32Array {
  let sum = 0;
  let weight = 0;
  for (let e = 0; e < strength.length; e++) {
    sum += (strength[e] as number) * (length[e] as number);
    weight += length[e] as number;
  }
  return sum > 0 ? strength.map((value) => (value * weight) / sum) : strength;
}
