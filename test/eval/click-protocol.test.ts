import { describe, expect, it } from 'vitest';
import { seeded } from '../feature-server/scenes.ts';
import { intersectionOverUnion, nextClick } from './click-protocol.ts';
import { squaredDistances } from './distance-transform.ts';
import { clicksUntil } from './summary.ts';

function bruteForce(member: Uint8Array, width: number, height: number): number[] {
  return [...member].map((on, i) => {
    if (on === 0) return 0;
    const [x, y] = [i % width, Math.floor(i / width)];
    let least = Number.POSITIVE_INFINITY;
    for (let v = -1; v <= height; v++) {
      for (let u = -1; u <= width; u++) {
        const outside = u < 0 || v < 0 || u === width || v === height;
        if (outside || member[v * width + u] === 0)
          least = Math.min(least, (u - x) ** 2 + (v - y) ** 2);
      }
    }
    return least;
  });
}

describe('squaredDistances', () => {
  it('equals the nearest outside pixel found by trying all', () => {
    const random = seeded(9);
    for (let round = 0; round < 300; round++) {
      const [width, height] = [1 + (round % 17), 1 + (round % 11)];
      const share = random();
      const member = Uint8Array.from({ length: width * height }, () => (random() < share ? 0 : 1));
      expect([...squaredDistances(member, width, height)]).toEqual(
        bruteForce(member, width, height),
      );
    }
  });
});

describe('the click protocol', () => {
  const truth = { width: 9, height: 7, values: new Uint8Array(63) };
  for (let y = 1; y < 6; y++) truth.values.fill(255, y * 9 + 2, y * 9 + 7);
  truth.values[0] = 128;

  it('clicks in the middle of the object first', () => {
    expect(nextClick(truth, new Uint8Array(63), [])).toEqual({ x: 4.5, y: 3.5, label: 1 });
  });

  it('goes elsewhere when that was clicked before', () => {
    const before = nextClick(truth, new Uint8Array(63), []);
    expect(nextClick(truth, new Uint8Array(63), [before])).not.toEqual(before);
  });

  it('clicks off the object where the excess is deeper', () => {
    const mask = truth.values.map((value) => (value === 255 ? 1 : 0));
    for (let y = 0; y < 7; y++) mask.fill(1, y * 9 + 6, y * 9 + 9);
    expect(nextClick(truth, mask, []).label).toBe(0);
  });

  it('leaves out pixels that are to be ignored', () => {
    const mask = truth.values.map((value) => (value === 255 ? 1 : 0));
    expect(intersectionOverUnion(truth, mask)).toBe(1);
    mask[0] = 1;
    expect(intersectionOverUnion(truth, mask)).toBe(1);
    mask[1] = 1;
    expect(intersectionOverUnion(truth, mask)).toBeCloseTo(25 / 26);
  });

  it('counts twenty clicks for what is never found', () => {
    expect(clicksUntil([0.2, 0.86, 0.5, 0.91], 0.85)).toBe(2);
    expect(clicksUntil([0.2, 0.86, 0.5, 0.91], 0.9)).toBe(4);
    expect(clicksUntil([0.2], 0.9)).toBe(20);
  });
});
