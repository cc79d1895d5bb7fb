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
  const { space, previous } = input;
  const rounds = previous ? LATER_ROUNDS : FIRST_ROUNDS;
  let mask = startingMask(input, prior);
  const potential = prior.slice();
  for (let round = 0; round < rounds; round++) {
    const ratios = logLikelihoodRatios(space.graph, mask);
    for (let r = 0; r < potential.length; r++) {
      potential[r] = (prior[r] as number) + likelihood * (ratios[r] as number);
    }
    mask = cut(input, potential);
  }
  return { mask, potential };
}

function startingMask({ seeds }: DecodeInput, prior: Float32Array): Uint8Array {
  const mask = new Uint8Array(prior.length);
  for (let r = 0; r < mask.length; r++) {
    const worth = seeds[r] === 0 ? (prior[r] as number) : (seeds[r] as number);
    mask[r] = worth > 0 ? 1 : 0;
  }
  return mask;
}

function cut({ space, seeds }: DecodeInput, potential: Float32Array): Uint8Array {
  const { area } = space.graph;
  const scale = CUT_UNITS / (space.step * space.step);
  const terminals = new Int32Array(potential.length);
  for (let r = 0; r < terminals.length; r++) {
    terminals[r] =
      seeds[r] === 0
        ? Math.round((potential[r] as number) * (area[r] as number) * scale)
        : (seeds[r] as number) * CERTAIN;
  }
  return space.flow.solve(terminals, space.capacities);
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
