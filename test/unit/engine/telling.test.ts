import { describe, expect, it } from 'vitest';
import { seedsOf } from '../../../src/feature-server/engine/decode-input.ts';
import { unpackEmbedding } from '../../../src/feature-server/engine/embedding.ts';
import { GraphSpace } from '../../../src/feature-server/engine/graph-space.ts';
import { prepare } from '../../../src/feature-server/engine/prepare.ts';
import { telling } from '../../../src/feature-server/engine/telling.ts';
import { disc } from '../../feature-server/scenes.ts';

const space = new GraphSpace(unpackEmbedding(prepare(disc(160, 120))).graph);
const { count } = space.graph;
const region = space.regionAt(space.graph.width / 2, space.graph.height / 2);
const neighbours = [
  ...space.neighbours.subarray(space.first[region] ?? 0, space.first[region + 1] ?? 0),
];

/** A candidate that holds these regions. */
function candidate(regions: readonly number[]) {
  const mask = new Uint8Array(count);
  for (const r of regions) mask[r] = 1;
  return { mask, potential: new Float32Array(count) };
}

function input(previous: Uint8Array | undefined, label: 0 | 1 = 1) {
  const clicks = [{ x: 0, y: 0, label, region }];
  return { space, clicks, previous, box: undefined, seeds: seedsOf(count, clicks, undefined) };
}

const speck = candidate([region]);
const patch = candidate([region, ...neighbours]);

describe('candidates that tell something of the newest click', () => {
  it('leave out a speck where there is more', () => {
    expect(neighbours.length).toBeGreaterThan(2);
    expect(telling(input(undefined), [speck, patch])).toEqual([patch]);
  });

  it('leave out a speck that a negative click would take away', () => {
    const previous = Uint8Array.from(patch.mask);
    const without = candidate(neighbours);
    expect(telling(input(previous, 0), [without, candidate([])])).toEqual([candidate([])]);
  });

  it('are all of them where all are specks', () => {
    expect(telling(input(undefined), [speck])).toEqual([speck]);
  });

  it('are those that leave a click where it is, too', () => {
    const previous = Uint8Array.from(patch.mask);
    expect(telling(input(previous), [patch])).toEqual([patch]);
  });
});
