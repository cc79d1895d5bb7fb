import { expect, test } from 'vitest';
import { editDistance, nearest } from '../../src/app/config/nearest.ts';

test.each([
  ['', '', 0],
  ['kitten', 'sitting', 3],
  ['abc', '', 3],
  ['flaw', 'lawn', 2],
])('%j and %j are %d edits apart', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits);
  expect(editDistance(to, from)).toBe(edits);
});

test('the nearest of none is none', () => {
  expect(nearest('x', [])).toBeUndefined();
});
