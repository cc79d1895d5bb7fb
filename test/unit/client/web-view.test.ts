import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitted, onImage, ontoImage, pan, toImage, toStage, zoom } from '../../../src/web/view.ts';

const size = (least: number, most: number) =>
  fc.record({
    width: fc.integer({ min: least, max: most }),
    height: fc.integer({ min: least, max: most }),
  });
const images = size(1, 8000);
const stages = size(200, 2000);
const places = fc.record({
  x: fc.double({ min: 0, max: 2000, noNaN: true }),
  y: fc.double({ min: 0, max: 2000, noNaN: true }),
});

describe('the view', () => {
  it('shows the whole photo when fitted', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(images, stages, (image, stage) => {
        const view = fitted(image, stage);
        const end = toStage(view, { x: image.width, y: image.height });
        expect(Math.min(view.x, view.y)).toBeGreaterThanOrEqual(0);
        expect(end.x).toBeLessThanOrEqual(stage.width);
        expect(end.y).toBeLessThanOrEqual(stage.height);
      }),
    );
  });

  it('maps to the image and back', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(images, stages, places, (image, stage, place) => {
        const view = fitted(image, stage);
        const back = toStage(view, toImage(view, place));
        expect(back.x).toBeCloseTo(place.x, 3);
        expect(back.y).toBeCloseTo(place.y, 3);
      }),
    );
  });

  it('keeps the pixel under the pointer while it zooms', () => {
    const image = { width: 1000, height: 800 };
    const stage = { width: 900, height: 700 };
    const at = { x: 500, y: 300 };
    const before = fitted(image, stage);
    const under = toImage(before, at);
    for (const by of [1.5, 3, 0.8]) {
      const after = toImage(zoom(before, by, at, image, stage), at);
      expect(after.x).toBeCloseTo(under.x, 6);
      expect(after.y).toBeCloseTo(under.y, 6);
    }
  });

  it('never loses the photo out of sight', () => {
    expect.hasAssertions();
    const move = fc.double({ min: -1e5, max: 1e5, noNaN: true });
    const factor = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(images, stages, move, move, factor, (image, stage, dx, dy, by) => {
        const moved = pan(fitted(image, stage), dx, dy, image, stage);
        const view = zoom(moved, by, { x: 0, y: 0 }, image, stage);
        const end = toStage(view, { x: image.width, y: image.height });
        expect(view.x).toBeLessThan(stage.width);
        expect(view.y).toBeLessThan(stage.height);
        expect(end.x).toBeGreaterThan(0);
        expect(end.y).toBeGreaterThan(0);
      }),
    );
  });

  it('knows what lies on the image, and the nearest place that does', () => {
    const image = { width: 10, height: 5 };
    expect(onImage({ x: 9.99, y: 4.99 }, image)).toBe(true);
    expect(onImage({ x: 10, y: 1 }, image)).toBe(false);
    expect(onImage({ x: -0.1, y: 1 }, image)).toBe(false);
    expect(onImage(ontoImage({ x: 99, y: -9 }, image), image)).toBe(true);
  });
});
