/** What speaks for and against each region before appearance is asked. */
import type { Box } from '../../core/prompt.ts';
import type { DecodeInput } from './decode-input.ts';
import { geodesicDistances } from './geodesic.ts';
import { BORDER_PRICE, BOX_WEIGHT, CLICK_WEIGHT, DISC_WEIGHT, PREVIOUS_WEIGHT } from './tuning.ts';

/** Reachability, −1 to 1: nearer to positive clicks than to negative ones and the border, or not. */
export function geodesicPotential({ space, seeds }: DecodeInput): Float32Array {
  const { border } = space.graph;
  const positive = new Float32Array(seeds.length).fill(Number.POSITIVE_INFINITY);
  const negative = positive.slice();
  let seeded = false;
  for (let r = 0; r < seeds.length; r++) {
    if (seeds[r] === 1) {
      positive[r] = 0;
      seeded = true;
    } else if (seeds[r] === -1) negative[r] = 0;
    else if ((border[r] as number) > 0) negative[r] = BORDER_PRICE;
  }
  if (!seeded) return new Float32Array(seeds.length);
  const toPositive = geodesicDistances(space, positive);
  const toNegative = geodesicDistances(space, negative);
  return toPositive.map((near, r) => {
    const far = toNegative[r] as number;
    return Number.isFinite(far) ? (far - near) / (far + near + 1e-3) : 1;
  });
}

/** A soft disc around a place on the grid: 1 at its centre, 0 at its rim, towards −1 far away. */
function disc(input: DecodeInput, at: { x: number; y: number }, radius: number): Float32Array {
  const { x, y, count } = input.space.graph;
  const values = new Float32Array(count);
  for (let r = 0; r < count; r++) {
    const square = ((x[r] as number) - at.x) ** 2 + ((y[r] as number) - at.y) ** 2;
    values[r] = (radius * radius - square) / (radius * radius + square);
  }
  return values;
}

/**
 * Where the object is taken to be before its looks are known: in a disc around the first click;
 * later where the mask was, but near the new click as that says; in the box if there is no click.
 * @param radius of the disc, or of the ellipse in the box, as a share of the short side or the box
 */
export function placePotential(input: DecodeInput, radius: number): Float32Array {
  const { clicks, previous, box, space } = input;
  const click = clicks.at(-1);
  if (!click) return box ? ellipse(input, box, radius) : new Float32Array(space.graph.count);
  const around = disc(input, click, radius * space.shortSide);
  if (!previous) return around.map((value) => value * DISC_WEIGHT);
  const says = click.label === 1 ? CLICK_WEIGHT : -CLICK_WEIGHT;
  return around.map((value, r) => {
    const near = Math.max(0, value);
    const before = previous[r] === 1 ? PREVIOUS_WEIGHT : -PREVIOUS_WEIGHT;
    return near * says + (1 - near) * before;
  });
}

/** People draw boxes tightly: the middle is the object, the corners are not. */
function ellipse({ space }: DecodeInput, box: Box, radius: number): Float32Array {
  const { x, y } = space.graph;
  return x.map((centre, r) => {
    const across = (centre + 0.5 - box.x) / box.width - 0.5;
    const down = ((y[r] as number) + 0.5 - box.y) / box.height - 0.5;
    const square = (4 * (across * across + down * down)) / (radius * radius);
    return (BOX_WEIGHT * (1 - square)) / (1 + square);
  });
}
