import type { GraphSpace } from './graph-space.ts';

/**
 * Cheapest way over the graph from any source to every region (Dijkstra).
 * @param sources what each region starts from: 0 or more for a source, infinite for others
 */
export function geodesicDistances(space: GraphSpace, sources: Float32Array): Float32Array {
  const { first, neighbours, edges, crossing } = space;
  const distances = sources.slice();
  const heap = new DistanceHeap(sources.length + edges.length);
  for (let r = 0; r < sources.length; r++) {
    if (Number.isFinite(sources[r])) heap.push(sources[r] as number, r);
  }
  for (let r = heap.pop(); r >= 0; r = heap.pop()) {
    if (heap.popped > (distances[r] as number)) continue;
    const end = first[r + 1] as number;
    for (let k = first[r] as number; k < end; k++) {
      const other = neighbours[k] as number;
      // Rounded as it will be stored: an unrounded sum could seem shorter than itself for ever.
      const distance = Math.fround(heap.popped + (crossing[edges[k] as number] as number));
      if (distance >= (distances[other] as number)) continue;
      distances[other] = distance;
      heap.push(distance, other);
    }
  }
  return distances;
}

/** A binary heap of regions by distance; what is outdated stays in and is skipped by its reader. */
class DistanceHeap {
  readonly #keys: Float32Array;
  readonly #regions: Int32Array;
  #length = 0;
  /** Distance of the region that was popped last. */
  popped = 0;

  constructor(capacity: number) {
    this.#keys = new Float32Array(capacity);
    this.#regions = new Int32Array(capacity);
  }

  push(key: number, region: number): void {
    let slot = this.#length++;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if ((this.#keys[parent] as number) <= key) break;
      this.#move(parent, slot);
      slot = parent;
    }
    this.#keys[slot] = key;
    this.#regions[slot] = region;
  }

  /** The nearest region, or −1. */
  pop(): number {
    if (this.#length === 0) return -1;
    const region = this.#regions[0] as number;
    this.popped = this.#keys[0] as number;
    const last = --this.#length;
    const key = this.#keys[last] as number;
    let slot = 0;
    for (let child = 1; child < last; child = slot * 2 + 1) {
      if (child + 1 < last && (this.#keys[child + 1] as number) < (this.#keys[child] as number))
        child++;
      if ((this.#keys[child] as number) >= key) break;
      this.#move(child, slot);
      slot = child;
    }
    this.#move(last, slot);
    return region;
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] as number;
    this.#regions[to] = this.#regions[from] as number;
  }
}
