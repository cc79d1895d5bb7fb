import type { GraphSpace } from './graph-space.ts';

/** Connected sets of regions that share a value. */
export interface Components {
  readonly count: number;
  /** Component of each region. */
  readonly of: Int32Array;
  /** A region of each component. */
  readonly member: number[];
}

/** Splits regions into connected sets of equal value. */
export function componentsOf(space: GraphSpace, values: ArrayLike<number>): Components {
  const total = space.graph.count;
  const of = new Int32Array(total).fill(-1);
  const stack = new Int32Array(total);
  const member: number[] = [];
  for (let start = 0; start < total; start++) {
    if (of[start] !== -1) continue;
    spread(space, values, of, stack, start, member.length);
    member.push(start);
  }
  return { count: member.length, of, member };
}

function spread(
  { first, neighbours }: GraphSpace,
  values: ArrayLike<number>,
  of: Int32Array,
  stack: Int32Array,
  start: number,
  component: number,
): void {
  let size = 0;
  stack[size++] = start;
  of[start] = component;
  while (size > 0) {
    const r = stack[--size] as number;
    const end = first[r + 1] as number;
    for (let k = first[r] as number; k < end; k++) {
      const other = neighbours[k] as number;
      if (of[other] !== -1 || values[other] !== values[r]) continue;
      of[other] = component;
      stack[size++] = other;
    }
  }
}
