import { describe, expect, it } from 'vitest';
import type { Size } from '../../../src/core/prompt.ts';
import { decodeRuns, maskOfRuns } from '../../../src/core/rle.ts';
import { boundedText } from '../../../src/feature-server/engine/bounded-text.ts';
import type { MaskField } from '../../../src/feature-server/engine/contour-runs.ts';
import { runsOfField } from '../../../src/feature-server/engine/contour-runs.ts';
import { seeded } from '../../feature-server/scenes.ts';

const clamp = (value: number, most: number) => Math.min(Math.max(value, 0), most);

/** The field's value at a pixel's centre, by bilinear interpolation. */
function valueAt({ values, width, height, window }: MaskField, x: number, y: number): number {
  const u = clamp(((x + 0.5 - window.x) * width) / window.width - 0.5, width - 1);
  const v = clamp(((y + 0.5 - window.y) * height) / window.height - 0.5, height - 1);
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const sample = (i: number, j: number) =>
    values[Math.min(j, height - 1) * width + Math.min(i, width - 1)] ?? 0;
  const across = (j: number) =>
    sample(left, j) + (sample(left + 1, j) - sample(left, j)) * (u - left);
  return across(top) + (across(top + 1) - across(top)) * (v - top);
}

/** True when the pixel's centre lies under the field. */
function under({ window }: MaskField, x: number, y: number): boolean {
  const across = x + 0.5 >= window.x && x + 0.5 < window.x + window.width;
  return across && y + 0.5 >= window.y && y + 0.5 < window.y + window.height;
}

function randomField(random: () => number, window: MaskField['window']): MaskField {
  const [width, height] = [1 + Math.floor(random() * 9), 1 + Math.floor(random() * 9)];
  const values = Float32Array.from({ length: width * height }, () => random() * 2 - 1);
  return { values, width, height, window };
}

/** Pixels that the run lengths put on the wrong side; where the value is all but 0 both are right. */
function wrongPixels(field: MaskField, image: Size): number[] {
  const mask = maskOfRuns(runsOfField(field, image), image);
  return [...mask.keys()].filter((i) => {
    const [x, y] = [i % image.width, Math.floor(i / image.width)];
    const value = under(field, x, y) ? valueAt(field, x, y) : -1;
    return Math.abs(value) > 1e-4 && value > 0 !== (mask[i] === 1);
  });
}

describe('runsOfField', () => {
  it('is the mask that interpolating every pixel gives', () => {
    const random = seeded(11);
    for (let round = 0; round < 200; round++) {
      const image = { width: 20 + (round % 30), height: 15 + (round % 23) };
      const { width, height } = image;
      const part = { x: 2.25, y: 3.5, width: width - 6.5, height: height - 8 };
      const field = randomField(random, round % 2 === 0 ? { x: 0, y: 0, ...image } : part);
      expect(wrongPixels(field, image)).toEqual([]);
    }
  });
});

describe('boundedText', () => {
  it('A21 smooths a contour that would be too long for the wire', () => {
    const random = seeded(12);
    const image = { width: 300, height: 200 };
    const values = Float32Array.from({ length: 60_000 }, () => random() * 2 - 1);
    const field = { values, width: 300, height: 200, window: { x: 0, y: 0, ...image } };
    const text = boundedText(field, image, 20_000);
    expect(text.length).toBeLessThanOrEqual(20_000);
    expect(decodeRuns(text, 60_000).length).toBeGreaterThan(100);
    expect(boundedText(field, image).length).toBeGreaterThan(20_000);
  });

  it('A21 keeps a mask that cannot be made to fit out of the wire', () => {
    const image = { width: 40, height: 30 };
    const values = Float32Array.from({ length: 1200 }, (_, i) => (i % 40) - 20 - i / 40);
    const field = { values, width: 40, height: 30, window: { x: 0, y: 0, ...image } };
    expect([...decodeRuns(boundedText(field, image, 5), 1200)]).toEqual([1200]);
  });
});
