import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFlaws } from '../../src/core/json-flaws.ts';

describe('A2 what JSON.parse takes silently', () => {
  it('A2 is nothing in what JSON.stringify writes, unless it nests too deeply', () => {
    const values = fc.jsonValue({ maxDepth: 20 }).map((value) => JSON.stringify(value));
    const harmless = values.filter((text) => !text.includes('__proto__'));
    fc.assert(
      fc.property(harmless, (text) => {
        expect(jsonFlaws(text, 1)).toEqual([]);
      }),
    );
  });

  it('A2 is found behind strings of quotes and backslashes', () => {
    const strings = fc.string({ unit: fc.constantFrom('"', '\\', 'a', '{', '[', ',') });
    fc.assert(
      fc.property(strings, strings, (one, other) => {
        const text = `{${JSON.stringify(one)}:${JSON.stringify(other)},"twice":1,"twice":2}`;
        expect(jsonFlaws(text, 5)).toEqual([{ path: 'twice', message: 'is given twice' }]);
      }),
    );
  });

  it('A2 more parts than are allowed are not walked', () => {
    expect(jsonFlaws('{"a":[1,2,"x"]}', 1, 4)).toEqual([]);
    expect(jsonFlaws('{"a":[1,2,"x"]}', 1, 3)).toEqual([
      { path: 'a[2]', message: 'and what is before it are too many parts' },
    ]);
    expect(jsonFlaws(`[${'1,'.repeat(1_000_000)}1]`, 1, 10)).toHaveLength(1);
  });

  it('A2 ends on any text, whether it is JSON or not', () => {
    const characters = fc.constantFrom(...'{}[]",:\\-0e.u tn');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 200 }), (text) => {
        expect(jsonFlaws(text, 3).length).toBeLessThanOrEqual(3);
      }),
      { numRuns: 1_000 },
    );
  });
});
