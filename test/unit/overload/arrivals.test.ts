import { describe, expect, test } from 'vitest';
import { bursts, poisson, steady } from '../../bench/overload/load/arrivals.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';

const SPAN = { fromMs: 1_000, untilMs: 61_000 };

describe('arrivals', () => {
  test('of a Poisson process are as many as was said, in order, and over all objects', () => {
    const arrivals = poisson(new SeededRandom(1), 20, SPAN, [3, 4, 5]);
    expect(arrivals).toHaveLength(1_200);
    expect(arrivals).toEqual(arrivals.toSorted((left, right) => left.atMs - right.atMs));
    expect(arrivals.every(({ atMs }) => atMs >= 1_000 && atMs < 61_000)).toBe(true);
    for (const object of [3, 4, 5]) {
      expect(arrivals.filter((arrival) => arrival.object === object).length).toBeGreaterThan(300);
    }
    // Exponential distances: their spread is as large as their mean.
    const distances = arrivals
      .slice(1)
      .map(({ atMs }, index) => atMs - (arrivals[index]?.atMs ?? 0));
    const mean = distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
    const variance =
      distances.reduce((sum, distance) => sum + (distance - mean) ** 2, 0) / distances.length;
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 0);
  });

  test('are the same for the same seed', () => {
    const draw = (seed: number) => poisson(new SeededRandom(seed), 5, SPAN, [1]);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test('of one who hammers come at equal distances', () => {
    const arrivals = steady(10, { fromMs: 0, untilMs: 1_000 }, 9);
    expect(arrivals.map(({ atMs }) => atMs)).toEqual([
      0, 100, 200, 300, 400, 500, 600, 700, 800, 900,
    ]);
  });

  test('of a person are bursts of one to four clicks on one object', () => {
    const arrivals = bursts(new SeededRandom(3), 1, { fromMs: 0, untilMs: 600_000 }, [1, 2, 3]);
    expect(arrivals.length / 600).toBeCloseTo(1, 0);
    let clicks = 0;
    const sizes = new Set<number>();
    for (const [index, { atMs, object, last }] of arrivals.entries()) {
      clicks += 1;
      const next = arrivals[index + 1];
      if (last) {
        sizes.add(clicks);
        clicks = 0;
      } else {
        expect(next?.object).toBe(object);
        expect((next?.atMs ?? 0) - atMs).toBeGreaterThanOrEqual(200);
        expect((next?.atMs ?? 0) - atMs).toBeLessThanOrEqual(400);
      }
    }
    expect([...sizes].toSorted()).toEqual([1, 2, 3, 4]);
  });
});
