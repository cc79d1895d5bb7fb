import { MaxFlow } from './max-flow.ts';
import type { RegionGraph } from './region-graph.ts';
import { CONTRAST_SCALE, GEODESIC_BASE, SMOOTHNESS } from './tuning.ts';

/** Cuts are solved in whole numbers: this many to a unit of potential. */
export const CUT_UNITS = 1000;

/** A region graph and what follows from it alone, made once for all clicks on it. */
export class GraphSpace {
  readonly graph: RegionGraph;
  /** Usual width of a region in pixels of the grid. */
  readonly step: number;
  readonly shortSide: number;
  /** Neighbours of region r: `neighbours[first[r]]` up to `neighbours[first[r + 1]]`. */
  readonly first: Int32Array;
  readonly neighbours: Int32Array;
  /** The edge that leads to each of `neighbours`. */
  readonly edges: Int32Array;
  /** What crossing each edge costs on a geodesic path. */
  readonly crossing: Float32Array;
  /** What cutting each edge costs, in {@link CUT_UNITS}. */
  readonly capacities: Int32Array;
  readonly flow: MaxFlow;

  constructor(graph: RegionGraph) {
    this.graph = graph;
    this.step = Math.sqrt((graph.width * graph.height) / graph.count);
    this.shortSide = Math.min(graph.width, graph.height);
    const { from, to, strength, length } = graph;
    this.first = new Int32Array(graph.count + 1);
    this.neighbours = new Int32Array(from.length * 2);
    this.edges = new Int32Array(from.length * 2);
    this.#link();
    this.crossing = strength.map((value) => GEODESIC_BASE + value ** 1.5);
    this.capacities = Int32Array.from(strength, (value, e) => {
      const ease = Math.exp(-(value * value) / (2 * CONTRAST_SCALE * CONTRAST_SCALE));
      return Math.round((CUT_UNITS * SMOOTHNESS * (length[e] as number) * ease) / this.step);
    });
    this.flow = new MaxFlow(graph.count, from, to);
  }

  #link(): void {
    const { from, to, count } = this.graph;
    const next = new Int32Array(count + 1);
    for (const ends of [from, to]) {
      for (const r of ends) next[r + 1] = (next[r + 1] as number) + 1;
    }
    for (let r = 0; r < count; r++) next[r + 1] = (next[r + 1] as number) + (next[r] as number);
    this.first.set(next);
    const put = (r: number, neighbour: number, edge: number) => {
      const slot = next[r] as number;
      this.neighbours[slot] = neighbour;
      this.edges[slot] = edge;
      next[r] = slot + 1;
    };
    for (let e = 0; e < from.length; e++) {
      put(from[e] as number, to[e] as number, e);
      put(to[e] as number, from[e] as number, e);
    }
  }

  /** The region under a place on the grid, clamped to it. */
  regionAt(x: number, y: number): number {
    const { width, height, labels } = this.graph;
    const u = Math.min(Math.max(Math.floor(x), 0), width - 1);
    const v = Math.min(Math.max(Math.floor(y), 0), height - 1);
    return labels[v * width + u] as number;
  }
}
