import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../../src/feature-server/engine/build-graph.ts';
import { geodesicDistances } from '../../../src/feature-server/engine/geodesic.ts';
import { GraphSpace } from '../../../src/feature-server/engine/graph-space.ts';
import { disc } from '../../feature-server/scenes.ts';

const size = { x: 0, y: 0, width: 120, height: 90 };
const space = new GraphSpace(buildGraph(disc(120, 90), size, 120));

/** Bellman and Ford: relax every edge, both ways, until nothing changes. */
function relaxed(sources: Float32Array): Float64Array {
  const distances = Float64Array.from(sources);
  const { from, to } = space.graph;
  const ways = [...from.keys()].flatMap((e) => {
    const [a, b, cost] = [from[e] ?? 0, to[e] ?? 0, space.crossing[e] ?? 0];
    return [
      { a, b, cost },
      { a: b, b: a, cost },
    ];
  });
  for (let changed = true; changed; ) {
    changed = false;
    for (const { a, b, cost } of ways) {
      const distance = (distances[a] ?? 0) + cost;
      if (distance >= (distances[b] ?? 0) - 1e-9) continue;
      distances[b] = distance;
      changed = true;
    }
  }
  return distances;
}

describe('geodesicDistances', () => {
  it.each([[[0]], [[5, 700]], [[100, 101, 900]]])('finds the cheapest ways from %j', (starts) => {
    const sources = new Float32Array(space.graph.count).fill(Number.POSITIVE_INFINITY);
    for (const [i, r] of starts.entries()) sources[r] = i * 0.5;
    const found = geodesicDistances(space, sources);
    for (const [r, distance] of relaxed(sources).entries()) {
      expect(found[r]).toBeCloseTo(distance, 3);
    }
  });

  it('leaves what no source reaches infinite', () => {
    const sources = new Float32Array(space.graph.count).fill(Number.POSITIVE_INFINITY);
    expect(geodesicDistances(space, sources)).toEqual(sources);
  });
});
