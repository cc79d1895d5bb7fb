import { logLikelihoodRatios } from './appearance.ts';
import { cleanMask } from './clean-mask.ts';
import { componentsOf } from './components.ts';
import type { DecodeInput } from './decode-input.ts';
import { CUT_UNITS } from './graph-space.ts';
import { geodesicPotential, placePotential } from './potentials.ts';
import {
  BOX_RADII,
  FIRST_RADII,
  FIRST_ROUNDS,
  LATER_RADII,
  LATER_ROUNDS,
  MIXES,
} from './tuning.ts';

/** More than all else a region can be worth: clicks are not argued with. */
const CERTAIN = 1e8;

/** A mask that the clicks may mean, and what each region is worth to it. */
export interface Candidate {
  readonly mask: Uint8Array;
  readonly potential: Float32Array;
}

/**
 * Masks that the newest click may mean: for every size of what it may speak of and every mix of
 * the terms a cut of its own; the ranker chooses.
 */
export function hypotheses(input: DecodeInput): Candidate[] {
  const geodesic = geodesicPotential(input);
  const radii = input.clicks.length === 0 ? BOX_RADII : input.previous ? LATER_RADII : FIRST_RADII;
  const candidates: Candidate[] = [];
  for (const radius of radii) {
    const place = placePotential(input, radius);
    for (const mix of MIXES) {
      const prior = place.map((value, r) => value + mix.geodesic * (geodesic[r] as number));
      const cut = alternate(input, prior, mix.likelihood);
      if (input.previous) add(candidates, input, localChange(input, input.previous, cut.mask), cut);
      add(candidates, input, cut.mask, cut);
    }
  }
  return candidates;
}

function add(
  candidates: Candidate[],
  input: DecodeInput,
  mask: Uint8Array,
  { potential }: Candidate,
) {
  const cleaned = cleanMask(input, mask);
  if (!candidates.some((other) => same(other.mask, cleaned)))
    candidates.push({ mask: cleaned, potential });
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  for (let r = 0; r < one.length; r++) if (one[r] !== other[r]) return false;
  return true;
}

/** Learns what foreground looks like from the mask so far, cuts anew, and again. */
function alternate(input: DecodeInput, prior: Float32Array, likelihood: number): Candidate {
  const { space, seeds, previous } = input;
  const rounds = previous ? LATER_ROUNDS : FIRST_ROUNDS;
  let mask = Uint8Array.from(prior, (value, r) => startOf(seeds[r] as number, value));
  let potential = prior;
  for (let round = 0; round < rounds; round++) {
    const ratios = logLikelihoodRatios(space.graph, mask);
    potential = prior.map((value, r) => value + likelihood * (ratios[r] as number));
    mask = cut(input, potential);
  }
  return { mask, potential };
}

function startOf(seed: number, prior: number): number {
  if (seed !== 0) return seed === 1 ? 1 : 0;
  return prior > 0 ? 1 : 0;
}

function cut({ space, seeds }: DecodeInput, potential: Float32Array): Uint8Array<ArrayBuffer> {
  const usual = space.step * space.step;
  const { area } = space.graph;
  const terminals = Int32Array.from(potential, (value, r) => {
    if (seeds[r] !== 0) return (seeds[r] as number) * CERTAIN;
    return Math.round((value * CUT_UNITS * (area[r] as number)) / usual);
  });
  return Uint8Array.from(space.flow.solve(terminals, space.capacities));
}

/** The mask before, changed only in the connected part of the change that holds the new click. */
function localChange({ space, clicks }: DecodeInput, previous: Uint8Array, mask: Uint8Array) {
  const region = clicks.at(-1)?.region ?? 0;
  const change = mask.map((on, r) => on ^ (previous[r] as number));
  const parts = componentsOf(space, change);
  const part = parts.of[region];
  if (change[region] !== 1) return previous;
  return previous.map((before, r) => (parts.of[r] === part ? before ^ 1 : before));
}
