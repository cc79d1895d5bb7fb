import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  areaOfRuns,
  boundsOfRuns,
  decodeRle,
  decodeRuns,
  encodeMask,
  encodeRuns,
  maskOfRuns,
  RleError,
  runsOfMask,
} from '../../src/core/rle.ts';

/** Made with `common/maskApi.c` itself. */
const GOLDEN: readonly (readonly [readonly number[], string])[] = [
  [[2, 3, 1, 1], '231N'],
  [[0, 6, 1], '061'],
  [[16], '`0'],
  [[0, 16], '0`0'],
  [[9, 2, 2, 2, 2, 2, 5], '9220003'],
  [[15], '?'],
  [[31], 'o0'],
  [[32], 'P1'],
  [[511], 'o?'],
  [[512], 'P`0'],
  [[1_048_576], 'PPPP1'],
  [[10, 5, 7, 5, 7, 4, 8], ':5700O1'],
  [[100, 20, 80, 21, 79, 1], 'T3d0`21O\\O'],
];

const sum = (runs: readonly number[]) => runs.reduce((total, run) => total + run, 0);

const masks = fc
  .record({ width: fc.integer({ min: 1, max: 24 }), height: fc.integer({ min: 1, max: 24 }) })
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      mask: fc.uint8Array({
        minLength: size.width * size.height,
        maxLength: size.width * size.height,
        max: 1,
      }),
    }),
  );

describe('COCO run lengths', () => {
  it.each(GOLDEN)('A21 writes and reads %j as pycocotools does', (runs, text) => {
    expect(encodeRuns(runs)).toBe(text);
    expect([...decodeRuns(text, sum(runs))]).toEqual(runs);
  });

  it('A21 counts down the columns, zeros first', () => {
    const mask = Uint8Array.of(
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      1,
      1,
      0,
      0,
      0,
      1,
      1,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    );
    expect(encodeMask(mask, { width: 6, height: 4 })).toEqual({ size: [4, 6], counts: '9220003' });
  });

  it('A21 gives every mask back', () => {
    fc.assert(
      fc.property(masks, ({ mask, size }) => {
        const runs = decodeRle(encodeMask(mask, size));
        expect(maskOfRuns(runs, size)).toEqual(mask);
      }),
    );
  });

  it('A21 gives any run lengths back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40_000_000), { minLength: 1, maxLength: 12 }), (runs) => {
        expect([...decodeRuns(encodeRuns(runs), sum(runs))]).toEqual(runs);
      }),
    );
  });

  it('A21 measures area and bounds without the mask', () => {
    fc.assert(
      fc.property(masks, ({ mask, size }) => {
        const runs = runsOfMask(mask, size);
        const on = [...mask.keys()].filter((i) => mask[i] === 1);
        const xs = on.map((i) => i % size.width);
        const ys = on.map((i) => Math.floor(i / size.width));
        const [x, y] = [Math.min(...xs), Math.min(...ys)];
        expect(areaOfRuns(runs)).toBe(on.length);
        expect(boundsOfRuns(runs, size.height)).toEqual(
          on.length === 0
            ? null
            : { x, y, width: Math.max(...xs) - x + 1, height: Math.max(...ys) - y + 1 },
        );
      }),
    );
  });

  it('takes any value but 0 for foreground', () => {
    expect([...runsOfMask(Uint8Array.of(0, 255, 7, 1), { width: 1, height: 4 })]).toEqual([1, 3]);
  });

  it('handles a 12-megapixel mask', () => {
    const size = { width: 4000, height: 3000 };
    const mask = new Uint8Array(size.width * size.height);
    for (let y = 500; y < 2500; y++) mask.fill(255, y * 4000 + 700 + (y % 50), y * 4000 + 3100);
    const rle = encodeMask(mask, size);
    expect(areaOfRuns(decodeRle(rle))).toBe(
      mask.reduce((area, value) => area + Math.min(value, 1), 0),
    );
  });

  it.each([
    ['a character below the alphabet', '/', 16],
    ['a character above the alphabet', 'p', 16],
    ['a text that ends inside a value', 'PP', 512],
    ['a value of seven groups', 'PPPPPP1', 1_048_576],
    ['a negative run', 'N', 4],
    ['too few pixels', '231N', 8],
    ['too many pixels', '231N', 6],
    ['no runs', '', 4],
    ['a later run below zero', '1111K', 4],
  ])('B3 refuses %s', (_what, text, pixels) => {
    expect(() => decodeRuns(text, pixels)).toThrow(RleError);
  });

  it('B3 refuses any text that it would not write back to the same pixels', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 40 }),
        fc.integer({ min: 1, max: 1e9 }),
        (text, pixels) => {
          let runs: Uint32Array;
          try {
            runs = decodeRuns(text, pixels);
          } catch (error) {
            expect(error).toBeInstanceOf(RleError);
            return;
          }
          expect(sum([...runs])).toBe(pixels);
        },
      ),
    );
  });

  it.each([[[0, 4]], [[4, -1]], [[2.5, 2]], [[Number.NaN, 2]], [[2 ** 40, 2 ** 40]]] as const)(
    'B3 refuses the size %j',
    (size) => {
      expect(() => decodeRle({ size: [size[0], size[1]], counts: '4' })).toThrow(RleError);
    },
  );
});
