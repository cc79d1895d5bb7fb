import { describe, expect, it } from 'vitest';
import { MaxFlow } from '../../../src/feature-server/engine/max-flow.ts';
import { seeded } from '../../feature-server/scenes.ts';

interface Problem {
  readonly terminals: number[];
  readonly from: number[];
  readonly to: number[];
  readonly capacities: number[];
}

function randomProblem(random: () => number, nodes: number): Problem {
  const below = (limit: number) => Math.floor(random() * limit);
  const from: number[] = [];
  const to: number[] = [];
  for (let a = 0; a < nodes; a++) {
    for (let b = a + 1; b < nodes; b++) {
      if (random() < 0.5) continue;
      from.push(a);
      to.push(b);
    }
  }
  return {
    terminals: Array.from({ length: nodes }, () => below(21) - 10),
    from,
    to,
    capacities: from.map(() => below(8)),
  };
}

/** What a labelling costs: terminals on the wrong side and edges that it cuts. */
function cost(
  { terminals, from, to, capacities }: Problem,
  side: (node: number) => number,
): number {
  let total = 0;
  for (const [node, terminal] of terminals.entries()) {
    if (terminal > 0 !== side(node) > 0) total += Math.abs(terminal);
  }
  for (const [edge, capacity] of capacities.entries()) {
    if (side(from[edge] ?? 0) !== side(to[edge] ?? 0)) total += capacity;
  }
  return total;
}

function bruteForce(problem: Problem): number {
  let least = Number.POSITIVE_INFINITY;
  for (let bits = 0; bits < 2 ** problem.terminals.length; bits++) {
    least = Math.min(
      least,
      cost(problem, (node) => (bits >> node) & 1),
    );
  }
  return least;
}

describe('MaxFlow', () => {
  it('cuts thousands of small graphs as cheaply as trying every cut', () => {
    const random = seeded(1);
    for (let round = 0; round < 4000; round++) {
      const problem = randomProblem(random, 1 + (round % 9));
      const flow = new MaxFlow(problem.terminals.length, problem.from, problem.to);
      const side = flow.solve(problem.terminals, problem.capacities);
      expect(cost(problem, (node) => side[node] ?? 0)).toBe(bruteForce(problem));
    }
  });

  it('starts each cut afresh', () => {
    const random = seeded(2);
    const { from, to, terminals } = randomProblem(random, 9);
    const flow = new MaxFlow(terminals.length, from, to);
    for (let round = 0; round < 500; round++) {
      const problem = {
        from,
        to,
        terminals: terminals.map(() => Math.floor(random() * 21) - 10),
        capacities: from.map(() => Math.floor(random() * 8)),
      };
      const side = flow.solve(problem.terminals, problem.capacities);
      expect(cost(problem, (node) => side[node] ?? 0)).toBe(bruteForce(problem));
    }
  });

  it('agrees with a plain augmenting-path solver on a grid', () => {
    const random = seeded(3);
    for (let round = 0; round < 20; round++) {
      const problem = gridProblem(random, 12);
      const flow = new MaxFlow(problem.terminals.length, problem.from, problem.to);
      const side = flow.solve(problem.terminals, problem.capacities);
      expect(cost(problem, (node) => side[node] ?? 0)).toBe(plainMinimum(problem));
    }
  });
});

function gridProblem(random: () => number, side: number): Problem {
  const from: number[] = [];
  const to: number[] = [];
  for (let i = 0; i < side * side; i++) {
    if (i % side < side - 1) {
      from.push(i);
      to.push(i + 1);
    }
    if (i + side < side * side) {
      from.push(i);
      to.push(i + side);
    }
  }
  const terminals = Array.from({ length: side * side }, () => Math.round((random() - 0.5) * 60));
  return { terminals, from, to, capacities: from.map(() => Math.floor(random() * 20)) };
}

/** Edmonds and Karp: breadth-first augmenting paths over a matrix of capacities. */
function plainMinimum({ terminals, from, to, capacities }: Problem): number {
  const n = terminals.length;
  const room = Array.from({ length: n + 2 }, () => new Map<number, number>());
  const add = (a: number, b: number, by: number) => room[a]?.set(b, (room[a]?.get(b) ?? 0) + by);
  for (const [node, terminal] of terminals.entries()) {
    add(n, node, Math.max(0, terminal));
    add(node, n, 0);
    add(node, n + 1, Math.max(0, -terminal));
    add(n + 1, node, 0);
  }
  for (const [e, capacity] of capacities.entries()) {
    add(from[e] ?? 0, to[e] ?? 0, capacity);
    add(to[e] ?? 0, from[e] ?? 0, capacity);
  }
  let total = 0;
  for (let path = pathThrough(room, n); path; path = pathThrough(room, n)) {
    const steps = path.slice(1).map((node, i) => [path?.[i] ?? 0, node] as const);
    const flow = Math.min(...steps.map(([a, b]) => room[a]?.get(b) ?? 0));
    for (const [a, b] of steps) {
      add(a, b, -flow);
      add(b, a, flow);
    }
    total += flow;
  }
  return total;
}

/** The nodes of a shortest path with room, from node `source` to the one after it. */
function pathThrough(room: readonly Map<number, number>[], source: number): number[] | undefined {
  const before = new Map([[source, -1]]);
  for (const node of before.keys()) {
    for (const [next, left] of room[node] ?? []) {
      if (left > 0 && !before.has(next)) before.set(next, node);
    }
  }
  if (!before.has(source + 1)) return undefined;
  const path: number[] = [];
  for (let node = source + 1; node >= 0; node = before.get(node) ?? -1) path.unshift(node);
  return path;
}
