import { beforeAll, describe, expect, it } from 'vitest';
import type { Prompt } from '../../../src/core/prompt.ts';
import { decodeRle, maskOfRuns } from '../../../src/core/rle.ts';
import { prepare } from '../../../src/feature-server/engine/prepare.ts';
import { Segmenter } from '../../../src/feature-server/engine/segmenter.ts';
import type { Scene } from '../../feature-server/scenes.ts';
import { overlap, paint } from '../../feature-server/scenes.ts';

/** Two discs of the same colour on one ground, and a ring: what one click cannot settle. */
const scene = paint({
  width: 360,
  height: 240,
  inside: (x, y) => Math.hypot(x - 110, y - 120) < 60 || Math.hypot(x - 270, y - 120) < 50,
});
const left = (x: number, y: number) => Math.hypot(x - 110, y - 120) < 60;

let embedding: SharedArrayBuffer;

beforeAll(() => {
  embedding = prepare(scene);
});

function ask(
  prompt: Prompt,
  segmenter = new Segmenter(),
  size: Pick<Scene, 'width' | 'height'> = scene,
) {
  const upright = { width: size.width, height: size.height };
  const { counts, score } = segmenter.segment({ imageId: 'a', embedding, upright, prompt });
  const runs = decodeRle({ size: [size.height, size.width], counts });
  return { counts, score, mask: maskOfRuns(runs, upright) };
}

const click = (x: number, y: number, label: 0 | 1 = 1) => ({ x, y, label });
const expected = scene.mask.map((on, i) =>
  on === 1 && left(i % scene.width, Math.floor(i / scene.width)) ? 1 : 0,
);

describe('Segmenter', () => {
  it('outlines the disc that was clicked and not the other', () => {
    const { mask, score } = ask({ points: [click(110.5, 120.5)] });
    expect(overlap(mask, expected)).toBeGreaterThan(0.95);
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThanOrEqual(1);
  });

  it('outlines what a box holds and nothing outside it', () => {
    const box = { x: 40, y: 50.5, width: 140, height: 139.25 };
    const { mask } = ask({ points: [], box });
    expect(overlap(mask, expected)).toBeGreaterThan(0.95);
    const outside = [...mask.keys()].filter((i) => {
      const [x, y] = [(i % 360) + 0.5, Math.floor(i / 360) + 0.5];
      return x < 40 || x > 180 || y < 50.5 || y > 189.75;
    });
    expect(outside.every((i) => mask[i] === 0)).toBe(true);
  });

  it('cuts at the edge of a box that cuts through the object', () => {
    const { mask } = ask({
      points: [click(90, 120)],
      box: { x: 40, y: 40, width: 71, height: 160 },
    });
    expect(mask[120 * 360 + 106]).toBe(1);
    expect([...mask.keys()].every((i) => mask[i] === 0 || i % 360 <= 111)).toBe(true);
  });

  it('holds positive clicks and leaves negative ones out, wherever they are', () => {
    const places: [number, number][] = [
      [110, 120],
      [270, 120],
      [300, 30],
      [112, 100],
      [12, 200],
      [111, 90],
    ];
    for (const last of [0, 1] as const) {
      const points = places.map(([x, y], i) => click(x, y, i % 2 === 0 ? 1 : last));
      const { mask } = ask({ points });
      for (const { x, y, label } of points) expect(mask[y * 360 + x]).toBe(label);
    }
  });

  it('is empty while only negative clicks are known', () => {
    const { mask, score } = ask({ points: [click(20, 20, 0)] });
    expect(mask.includes(1)).toBe(false);
    expect(score).toBe(0);
    expect(
      overlap(ask({ points: [click(20, 20, 0), click(110, 120)] }).mask, expected),
    ).toBeGreaterThan(0.9);
  });

  it('gives the same mask for the same prompt, whatever it was asked before', () => {
    const points = [
      click(110, 120),
      click(270, 120),
      click(200, 30, 0),
      click(110, 65),
      click(250, 90),
    ];
    const warm = new Segmenter();
    const stepwise = points.map((_, i) => ask({ points: points.slice(0, i + 1) }, warm).counts);
    const undone = ask({ points: points.slice(0, 2) }, warm).counts;
    expect(undone).toBe(stepwise[1]);
    const cold = points.map((_, i) => ask({ points: points.slice(0, i + 1) }).counts);
    expect(cold).toEqual(stepwise);
  });

  it('gives every pixel of a larger picture a place on the same contour', () => {
    const size = { width: scene.width * 8, height: scene.height * 8 };
    const { mask } = ask({ points: [click(880, 960)] }, new Segmenter(), size);
    const small = ask({ points: [click(110, 120)] }).mask;
    const sampled = small.map((_, i) => {
      const [x, y] = [i % 360, Math.floor(i / 360)];
      return mask[(y * 8 + 4) * size.width + x * 8 + 4] ?? 0;
    });
    expect(overlap(sampled, small)).toBeGreaterThan(0.98);
  });

  it.each([
    [1, 1],
    [1, 40],
    [37, 2],
    [5, 5],
  ])('takes a picture of %i × %i', (width, height) => {
    const tiny = paint({ width, height, inside: (x) => x < width / 2 });
    const { counts } = new Segmenter().segment({
      imageId: 'tiny',
      embedding: prepare(tiny),
      upright: { width, height },
      prompt: { points: [click(0, 0), click(width - 0.5, height - 0.5, 0)] },
    });
    expect(decodeRle({ size: [height, width], counts }).length).toBeGreaterThan(0);
  });

  it('takes a picture without any contrast', () => {
    const flat = { width: 90, height: 60, data: new Uint8Array(90 * 60 * 3).fill(128) };
    const { counts } = new Segmenter().segment({
      imageId: 'flat',
      embedding: prepare(flat),
      upright: flat,
      prompt: { points: [click(45, 30)] },
    });
    expect(decodeRle({ size: [60, 90], counts }).length).toBeGreaterThan(1);
  });
});
