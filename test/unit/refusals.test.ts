import { describe, expect, it } from 'vitest';
import { limitReached } from '../../src/adapters/session/refusals.ts';

describe('A14 a limit that is reached', () => {
  it.each([
    ['maxImages', 10, 'A session holds at most 10 images.'],
    ['maxObjects', 10, 'A session holds at most 10 objects.'],
    ['maxPointsPerObject', 100, 'An object holds at most 100 points.'],
  ] as const)('is said in words, and named: %s', (limit, most, sentence) => {
    const problem = limitReached(limit, most);
    expect(problem.message).toBe(sentence);
    expect(problem).toMatchObject({ code: 'limit_reached', extras: { limit } });
  });
});
