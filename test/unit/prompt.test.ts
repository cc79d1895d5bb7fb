import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PromptPart } from '../../src/core/prompt.ts';
import {
  boxInside,
  foldPrompt,
  isEmptyPrompt,
  pointInside,
  promptKey,
} from '../../src/core/prompt.ts';

const coordinate = fc.double({ min: 0, max: 500, noNaN: true }).map((x) => (x === 0 ? 0 : x));
const pointArbitrary = fc.record(
  { x: coordinate, y: coordinate, label: fc.constantFrom(0 as const, 1 as const) },
  { noNullPrototype: true },
);
const boxArbitrary = fc.record(
  { x: coordinate, y: coordinate, width: coordinate, height: coordinate },
  { noNullPrototype: true },
);
const partArbitrary: fc.Arbitrary<PromptPart> = fc.record(
  { points: fc.array(pointArbitrary, { maxLength: 4 }), box: boxArbitrary },
  { requiredKeys: ['points'], noNullPrototype: true },
);
const partsArbitrary = fc.array(partArbitrary, { maxLength: 6 });

describe('the fold of clicks', () => {
  it('keeps all points in order and the newest box', () => {
    fc.assert(
      fc.property(partsArbitrary, (parts) => {
        const prompt = foldPrompt(parts);
        expect(prompt.points).toEqual(parts.flatMap((part) => part.points));
        const boxes = parts.flatMap((part) => (part.box === undefined ? [] : [part.box]));
        expect(prompt.box).toEqual(boxes.at(-1));
        expect('box' in prompt).toBe(boxes.length > 0);
      }),
    );
  });

  it('is the same in one go and step by step', () => {
    fc.assert(
      fc.property(partsArbitrary, partsArbitrary, (early, late) => {
        expect(foldPrompt([foldPrompt(early), ...late])).toEqual(foldPrompt([...early, ...late]));
      }),
    );
  });

  it('A15 restores the prompt before when the newest click is left out', () => {
    fc.assert(
      fc.property(partsArbitrary, partArbitrary, (parts, newest) => {
        expect(foldPrompt([...parts, newest].slice(0, -1))).toEqual(foldPrompt(parts));
      }),
    );
  });

  it('is empty when nothing is asked', () => {
    expect(isEmptyPrompt(foldPrompt([]))).toBe(true);
    expect(isEmptyPrompt({ points: [{ x: 0, y: 0, label: 0 }] })).toBe(false);
    expect(isEmptyPrompt({ points: [], box: { x: 0, y: 0, width: 1, height: 1 } })).toBe(false);
  });
});

describe('the key of a prompt', () => {
  it('is shared by equal prompts, and by no others', () => {
    const near = fc.array(
      fc.record(
        { x: fc.nat(2), y: fc.nat(2), label: fc.constantFrom(0 as const, 1 as const) },
        { noNullPrototype: true },
      ),
      { maxLength: 2 },
    );
    const prompt = fc.record(
      {
        points: near,
        box: fc.constantFrom(
          { x: 0, y: 0, width: 1, height: 1 },
          { x: 0, y: 0, width: 1, height: 11 },
        ),
      },
      { requiredKeys: ['points'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(prompt, prompt, (one, other) => {
        const equal = JSON.stringify(one) === JSON.stringify(other);
        expect(promptKey(one) === promptKey(other)).toBe(equal);
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells apart what differs in the last digit, in order, or in kind', () => {
    const point = { x: 0.1, y: 2, label: 1 } as const;
    const prompts = [
      { points: [point] },
      { points: [{ ...point, x: 0.1 + Number.EPSILON }] },
      { points: [{ ...point, label: 0 as const }] },
      { points: [point, { ...point, x: 3 }] },
      { points: [{ ...point, x: 3 }, point] },
      { points: [], box: { x: 0.1, y: 2, width: 1, height: 1 } },
    ];
    expect(new Set(prompts.map(promptKey)).size).toBe(prompts.length);
  });
});

describe('A1 what lies on an image', () => {
  const size = { width: 10, height: 5 };

  it.each([
    [0, 0, true],
    [9.999, 4.999, true],
    [10, 0, false],
    [0, 5, false],
    [-0.001, 0, false],
    [Number.NaN, 0, false],
    [0, Number.POSITIVE_INFINITY, false],
  ])('a point at %d, %d: %s', (x, y, inside) => {
    expect(pointInside({ x, y }, size)).toBe(inside);
  });

  it.each([
    ['the whole image', { x: 0, y: 0, width: 10, height: 5 }, true],
    ['one pixel too wide', { x: 0.5, y: 0, width: 10, height: 5 }, false],
    ['one too high', { x: 0, y: 1, width: 10, height: 5 }, false],
    ['no width', { x: 1, y: 1, width: 0, height: 1 }, false],
    ['a negative height', { x: 1, y: 3, width: 1, height: -1 }, false],
    ['left of the image', { x: -1, y: 0, width: 2, height: 1 }, false],
    ['not a number', { x: 0, y: 0, width: Number.NaN, height: 1 }, false],
  ])('a box of %s', (_, box, inside) => {
    expect(boxInside(box, size)).toBe(inside);
  });
});
