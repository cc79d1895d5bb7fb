/**
 * Minimum cuts by the augmenting-path method of Boykov and Kolmogorov, "An Experimental Comparison
 * of Min-Cut/Max-Flow Algorithms for Energy Minimization in Vision" (PAMI 2004): one search tree
 * grows from either terminal, and what an augmentation breaks off is adopted again.
 */

const FREE = 0;
const SOURCE = 1;
const SINK = 2;
/** In `#parent`: no parent, or the terminal itself; anything else is an arc. */
const NONE = -1;
const TERMINAL = -2;

/** Solves cuts on one undirected graph; its topology is set up once, capacities come with each cut. */
export class MaxFlow {
  readonly #nodes: number;
  /** Arc 2e leads from an edge's first node to its second, arc 2e + 1 back. */
  readonly #head: Int32Array;
  /** Arcs by node: those of node i are `#arcs[#first[i]]` up to `#arcs[#first[i + 1]]`. */
  readonly #first: Int32Array;
  readonly #arcs: Int32Array;
  readonly #residual: Int32Array;
  /** What is left of the arc from the source (positive) or to the sink (negative). */
  readonly #terminal: Int32Array;
  readonly #tree: Uint8Array;
  readonly #parent: Int32Array;
  /** Arcs to the terminal, valid if `#seen` is recent: keeps paths short. */
  readonly #depth: Int32Array;
  readonly #seen: Int32Array;
  readonly #active: NodeQueue;
  readonly #orphans: NodeQueue;
  #time = 0;

  /** @param from, to the two nodes of every edge, numbered from 0 */
  constructor(nodes: number, from: ArrayLike<number>, to: ArrayLike<number>) {
    const edges = from.length;
    this.#nodes = nodes;
    this.#head = new Int32Array(edges * 2);
    for (let e = 0; e < edges; e++) {
      this.#head[2 * e] = to[e] as number;
      this.#head[2 * e + 1] = from[e] as number;
    }
    this.#first = new Int32Array(nodes + 1);
    this.#arcs = new Int32Array(edges * 2);
    this.#sortArcs();
    this.#residual = new Int32Array(edges * 2);
    this.#terminal = new Int32Array(nodes);
    this.#tree = new Uint8Array(nodes);
    this.#parent = new Int32Array(nodes);
    this.#depth = new Int32Array(nodes);
    this.#seen = new Int32Array(nodes);
    this.#active = new NodeQueue(nodes);
    this.#orphans = new NodeQueue(nodes);
  }

  #sortArcs(): void {
    const next = new Int32Array(this.#nodes + 1);
    for (let arc = 0; arc < this.#head.length; arc++) {
      const tail = this.#head[arc ^ 1] as number;
      next[tail + 1] = (next[tail + 1] as number) + 1;
    }
    for (let i = 0; i < this.#nodes; i++)
      next[i + 1] = (next[i + 1] as number) + (next[i] as number);
    this.#first.set(next);
    for (let arc = 0; arc < this.#head.length; arc++) {
      const tail = this.#head[arc ^ 1] as number;
      const slot = next[tail] as number;
      this.#arcs[slot] = arc;
      next[tail] = slot + 1;
    }
  }

  /**
   * The nodes on the source's side of a minimum cut, as 1 in an array of the caller's own.
   * @param terminals per node: capacity from the source if positive, to the sink if negative
   * @param capacities per edge, the same in both directions, not negative
   */
  solve(terminals: ArrayLike<number>, capacities: ArrayLike<number>): Uint8Array {
    this.#reset(terminals, capacities);
    for (let node = this.#active.take(); node >= 0; node = this.#active.take()) {
      for (let bridge = this.#grow(node); bridge >= 0; bridge = this.#grow(node)) {
        this.#time++;
        this.#augment(bridge);
        this.#adoptAll();
      }
    }
    const side = new Uint8Array(this.#nodes);
    for (let i = 0; i < side.length; i++) side[i] = this.#tree[i] === SOURCE ? 1 : 0;
    return side;
  }

  #reset(terminals: ArrayLike<number>, capacities: ArrayLike<number>): void {
    for (let e = 0; e < capacities.length; e++) {
      this.#residual[2 * e] = capacities[e] as number;
      this.#residual[2 * e + 1] = capacities[e] as number;
    }
    this.#time = 0;
    this.#active.clear();
    for (let i = 0; i < this.#nodes; i++) {
      const terminal = terminals[i] as number;
      this.#terminal[i] = terminal;
      this.#tree[i] = terminal > 0 ? SOURCE : terminal < 0 ? SINK : FREE;
      this.#parent[i] = terminal === 0 ? NONE : TERMINAL;
      this.#depth[i] = 1;
      this.#seen[i] = 0;
      if (terminal !== 0) this.#active.add(i);
    }
  }

  /** Capacity left between a node and the far end of its arc, in the direction its tree flows. */
  #outward(tree: number, arc: number): number {
    return this.#residual[tree === SOURCE ? arc : arc ^ 1] as number;
  }

  /** Lets the tree of `node` take its free neighbours; returns an arc from source's to sink's tree. */
  #grow(node: number): number {
    const tree = this.#tree[node] as number;
    if (tree === FREE) return NONE;
    const end = this.#first[node + 1] as number;
    for (let k = this.#first[node] as number; k < end; k++) {
      const arc = this.#arcs[k] as number;
      if (this.#outward(tree, arc) === 0) continue;
      const other = this.#head[arc] as number;
      const theirs = this.#tree[other];
      if (theirs === FREE) {
        this.#tree[other] = tree;
        this.#attach(other, arc ^ 1, node);
        this.#active.add(other);
      } else if (theirs !== tree) {
        return tree === SOURCE ? arc : arc ^ 1;
      } else if (this.#shortens(node, other)) {
        this.#attach(other, arc ^ 1, node);
      }
    }
    return NONE;
  }

  #attach(node: number, arcToParent: number, parent: number): void {
    this.#parent[node] = arcToParent;
    this.#seen[node] = this.#seen[parent] as number;
    this.#depth[node] = (this.#depth[parent] as number) + 1;
  }

  #shortens(parent: number, node: number): boolean {
    return (
      (this.#seen[node] as number) <= (this.#seen[parent] as number) &&
      (this.#depth[node] as number) > (this.#depth[parent] as number)
    );
  }

  #augment(bridge: number): void {
    const from = this.#head[bridge ^ 1] as number;
    const to = this.#head[bridge] as number;
    const room = this.#residual[bridge] as number;
    const flow = Math.min(room, this.#room(from, SOURCE), this.#room(to, SINK));
    this.#residual[bridge] = room - flow;
    this.#residual[bridge ^ 1] = (this.#residual[bridge ^ 1] as number) + flow;
    this.#push(from, SOURCE, flow);
    this.#push(to, SINK, flow);
  }

  /** The least capacity on the way between a node and its terminal. */
  #room(start: number, tree: number): number {
    let room = Number.POSITIVE_INFINITY;
    let node = start;
    for (let arc = this.#parent[node] as number; arc >= 0; arc = this.#parent[node] as number) {
      room = Math.min(room, this.#outward(tree, arc ^ 1));
      node = this.#head[arc] as number;
    }
    return Math.min(room, Math.abs(this.#terminal[node] as number));
  }

  #push(start: number, tree: number, flow: number): void {
    let node = start;
    for (let arc = this.#parent[node] as number; arc >= 0; arc = this.#parent[node] as number) {
      const used = tree === SOURCE ? arc ^ 1 : arc;
      const left = (this.#residual[used] as number) - flow;
      this.#residual[used] = left;
      this.#residual[used ^ 1] = (this.#residual[used ^ 1] as number) + flow;
      if (left === 0) this.#orphan(node);
      node = this.#head[arc] as number;
    }
    const left = (this.#terminal[node] as number) - (tree === SOURCE ? flow : -flow);
    this.#terminal[node] = left;
    if (left === 0) this.#orphan(node);
  }

  #orphan(node: number): void {
    this.#parent[node] = NONE;
    this.#orphans.add(node);
  }

  #adoptAll(): void {
    for (let node = this.#orphans.take(); node >= 0; node = this.#orphans.take()) this.#adopt(node);
  }

  /** Finds a new parent for a node that lost its own, or sets it and its children free. */
  #adopt(node: number): void {
    const tree = this.#tree[node] as number;
    const end = this.#first[node + 1] as number;
    let best = NONE;
    let bestDepth = Number.POSITIVE_INFINITY;
    for (let k = this.#first[node] as number; k < end; k++) {
      const arc = this.#arcs[k] as number;
      const other = this.#head[arc] as number;
      if (this.#tree[other] !== tree || this.#outward(tree, arc ^ 1) === 0) continue;
      const depth = this.#depthOf(other);
      if (depth < bestDepth) {
        best = arc;
        bestDepth = depth;
      }
    }
    if (best >= 0) {
      this.#parent[node] = best;
      this.#seen[node] = this.#time;
      this.#depth[node] = bestDepth + 1;
    } else {
      this.#release(node, tree);
    }
  }

  /** Arcs between a node and its terminal; infinite if its path is broken. Marks a sound path. */
  #depthOf(start: number): number {
    let node = start;
    let depth = 0;
    while (this.#seen[node] !== this.#time) {
      const arc = this.#parent[node] as number;
      if (arc === NONE) return Number.POSITIVE_INFINITY;
      if (arc === TERMINAL) {
        this.#seen[node] = this.#time;
        this.#depth[node] = 1;
        break;
      }
      node = this.#head[arc] as number;
      depth++;
    }
    depth += this.#depth[node] as number;
    this.#markPath(start, depth);
    return depth;
  }

  #markPath(start: number, length: number): void {
    let depth = length;
    for (let node = start; this.#seen[node] !== this.#time; ) {
      this.#seen[node] = this.#time;
      this.#depth[node] = depth--;
      node = this.#head[this.#parent[node] as number] as number;
    }
  }

  #release(node: number, tree: number): void {
    const end = this.#first[node + 1] as number;
    for (let k = this.#first[node] as number; k < end; k++) {
      const arc = this.#arcs[k] as number;
      const other = this.#head[arc] as number;
      if (this.#tree[other] !== tree) continue;
      if (this.#outward(tree, arc ^ 1) > 0) this.#active.add(other);
      if (this.#parent[other] === (arc ^ 1)) this.#orphan(other);
    }
    this.#tree[node] = FREE;
  }
}

/** First in, first out; a node that waits already is not added again. */
class NodeQueue {
  readonly #ring: Int32Array;
  readonly #waits: Uint8Array;
  #start = 0;
  #length = 0;

  constructor(nodes: number) {
    this.#ring = new Int32Array(nodes);
    this.#waits = new Uint8Array(nodes);
  }

  add(node: number): void {
    if (this.#waits[node] === 1) return;
    this.#waits[node] = 1;
    let slot = this.#start + this.#length;
    if (slot >= this.#ring.length) slot -= this.#ring.length;
    this.#ring[slot] = node;
    this.#length++;
  }

  /** The oldest node, or −1. */
  take(): number {
    if (this.#length === 0) return -1;
    const node = this.#ring[this.#start] as number;
    this.#start = this.#start + 1 === this.#ring.length ? 0 : this.#start + 1;
    this.#length--;
    this.#waits[node] = 0;
    return node;
  }

  clear(): void {
    this.#waits.fill(0);
    this.#start = 0;
    this.#length = 0;
  }
}
