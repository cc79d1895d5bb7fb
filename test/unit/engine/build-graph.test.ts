import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../../src/feature-server/engine/build-graph.ts';
import { connectLabels } from '../../../src/feature-server/engine/connect-labels.ts';
import { packEmbedding, unpackEmbedding } from '../../../src/feature-server/engine/embedding.ts';
import { disc, seeded } from '../../feature-server/scenes.ts';

/** Connected pieces of equal label, by painting them one after the other. */
function pieces(labels: Uint16Array, width: number): number {
  const unseen = new Set(labels.keys());
  let count = 0;
  for (const start of unseen) {
    count++;
    const stack = [start];
    for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
      if (!unseen.delete(i)) continue;
      stack.push(...beside(i, width).filter((j) => labels[j] === labels[start]));
    }
  }
  return count;
}

function beside(i: number, width: number): number[] {
  const across = [i - 1, i + 1].filter((j) => Math.floor(j / width) === Math.floor(i / width));
  return [i - width, i + width, ...across];
}

const scene = disc(300, 200);
const graph = buildGraph(scene, { x: 0, y: 0, width: 300, height: 200 }, 200);

describe('connectLabels', () => {
  it('makes each label one piece, and small pieces part of a neighbour', () => {
    const random = seeded(5);
    for (let round = 0; round < 200; round++) {
      const [width, height] = [3 + (round % 20), 2 + (round % 13)];
      const loose = Uint16Array.from({ length: width * height }, () => Math.floor(random() * 3));
      const { labels, count } = connectLabels(loose, width, height, round % 7);
      expect(new Set(labels).size).toBe(count);
      expect(Math.max(...labels)).toBe(count - 1);
      expect(pieces(labels, width)).toBe(count);
    }
  });
});

describe('buildGraph', () => {
  it('cuts a picture into about 1,630 connected regions that cover it', () => {
    expect(graph.width).toBe(200);
    expect(graph.height).toBe(133);
    expect(graph.count).toBeGreaterThan(1200);
    expect(graph.count).toBeLessThan(2100);
    expect(pieces(graph.labels, 200)).toBe(graph.count);
    expect(graph.area.reduce((sum, area) => sum + area, 0)).toBe(200 * 133);
  });

  it('shares every region out completely among its clusters', () => {
    for (let r = 0; r < graph.count; r++) {
      const total = graph.shares.subarray(r * 4, r * 4 + 4).reduce((sum, share) => sum + share, 0);
      expect(total).toBeCloseTo(1, 4);
    }
  });

  it('keeps regions from straddling the contour of the disc', () => {
    const inside = new Float32Array(graph.count);
    for (const [i, label] of graph.labels.entries()) {
      const [x, y] = [i % 200, Math.floor(i / 200)];
      if (Math.hypot(x - 100, y - 66.5) < 44.4) inside[label] = (inside[label] ?? 0) + 1;
    }
    const stray = inside.reduce((sum, on, r) => sum + Math.min(on, (graph.area[r] ?? 0) - on), 0);
    expect(stray).toBeLessThan(200);
  });

  it('is the same every time', () => {
    const again = buildGraph(scene, { x: 0, y: 0, width: 300, height: 200 }, 200);
    expect(again).toEqual(graph);
  });
});

describe('embedding', () => {
  it('comes back from shared memory as it went in', () => {
    const shared = packEmbedding({ pixels: scene, graph });
    const { width, height, data } = scene;
    expect(shared.byteLength).toBeLessThan(5 * 1024 * 1024);
    expect(unpackEmbedding(shared)).toEqual({ pixels: { width, height, data }, graph });
  });
});
