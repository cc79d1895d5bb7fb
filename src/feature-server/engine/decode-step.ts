import { coarseLabels, DepthMeter } from './coarse-depth.ts';
import type { DecodeInput, GridClick } from './decode-input.ts';
import { seedsOf } from './decode-input.ts';
import { featuresOf } from './features.ts';
import type { GraphSpace } from './graph-space.ts';
import type { GridBox } from './grid-box.ts';
import { hypotheses } from './hypotheses.ts';
import { rank } from './ranker.ts';
import { telling } from './telling.ts';

/** A mask per region and how sure the ranker is of it, 0–1. */
export interface Decoded {
  readonly mask: Uint8Array;
  readonly score: number;
}

/** How sharply a difference in worth tells candidates apart. */
const SHARPNESS = 8;

/** Turns clicks into masks on one region graph. */
export class Decoder {
  readonly space: GraphSpace;
  readonly #meter: DepthMeter;

  constructor(space: GraphSpace) {
    this.space = space;
    this.#meter = new DepthMeter(coarseLabels(space.graph));
  }

  /**
   * Answers the last of the clicks.
   * @param previous the mask that it was made on; an empty one counts as none
   */
  step(
    clicks: readonly GridClick[],
    previous: Uint8Array | undefined,
    box: GridBox | undefined,
  ): Decoded {
    const count = this.space.graph.count;
    if (!box && !clicks.some(({ label }) => label === 1)) {
      return { mask: new Uint8Array(count), score: 0 };
    }
    const input: DecodeInput = {
      space: this.space,
      clicks,
      previous: previous?.includes(1) ? previous : undefined,
      box,
      seeds: seedsOf(count, clicks, box),
    };
    const candidates = telling(input, hypotheses(input));
    const worths = rank(featuresOf(input, candidates, this.#meter), input.previous === undefined);
    const best = worths.indexOf(Math.max(...worths));
    return {
      mask: candidates[best]?.mask ?? new Uint8Array(count),
      score: confidence(worths, worths[best] ?? 0),
    };
  }
}

/** The share of the best among all, as a soft maximum sees it. */
function confidence(worths: readonly number[], best: number): number {
  return 1 / worths.reduce((sum, worth) => sum + Math.exp((worth - best) * SHARPNESS), 0);
}
