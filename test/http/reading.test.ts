import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson } from '../../src/adapters/http/body/strict-json.ts';
import { byteRange } from '../../src/adapters/http/byte-range.ts';
import { RequestRefused } from '../../src/adapters/http/request-refused.ts';
import { createImageProbe } from '../../src/adapters/images/probe.ts';
import { sniffImageType } from '../../src/adapters/images/sniff.ts';
import { ProblemError } from '../../src/core/problem.ts';
import { noise } from '../support/http-images.ts';

const encode = (text: string) => new TextEncoder().encode(text);

/** What is refused that JSON.parse takes: depth and the name that objects cannot keep. */
const plain = (text: string) => !text.includes('__proto__');

describe('A2 strict JSON', () => {
  it('A2 reads what JSON.parse reads, as it reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }).filter(plain), (text) => {
        expect(parseStrictJson(encode(text))).toEqual(JSON.parse(text));
      }),
    );
    expect(parseStrictJson(encode('[1]'))).toEqual([1]);
  });

  it('A2 any other text is an invalid_request, never another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseStrictJson(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProblemError);
          expect((error as ProblemError).code).toBe('invalid_request');
        }
      }),
    );
    expect(() => parseStrictJson(encode('\u{0}'))).toThrow(ProblemError);
  });

  it.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"a":[{"b":1,"c":{},"b":2}]}', ['a[0].b']],
    ['{"a":{"x":1},"b":{"x":1}}', []],
    ['{"a":"\\"a\\":","b":1}', []],
    ['{"\\u0061":1,"a":2}', ['a']],
    ['[{"a":1},{"a":1}]', []],
    ['[0,1e400]', ['[1]']],
    ['{"a":{"__proto__":{}}}', ['a.__proto__']],
    [`{"a":[[],[${'['.repeat(40)}${']'.repeat(40)}]]}`, ['a[1][0]']],
  ])('A2 %s: wrong are %j', (text, wrong) => {
    let paths: readonly string[] = [];
    try {
      parseStrictJson(encode(text));
    } catch (error) {
      paths = (error as ProblemError).extras.errors?.map(({ path }) => path.slice(0, 15)) ?? [];
    }

    expect(paths.map((path, i) => path.slice(0, wrong[i]?.length))).toEqual(wrong);
  });

  it('A2 a body of nothing but errors names twenty of them', () => {
    const text = `{${'"a":1,'.repeat(30_000)}"a":1}`;

    expect(() => parseStrictJson(encode(text))).toThrow(
      expect.objectContaining({ extras: { errors: expect.objectContaining({ length: 20 }) } }),
    );
  });
});

describe('A10 byte ranges', () => {
  it('A10 is always a part of what is there, or a 416', () => {
    fc.assert(
      fc.property(
        fc.option(fc.nat(50), { nil: '' }),
        fc.option(fc.nat(50), { nil: '' }),
        fc.integer({ min: 1, max: 40 }),
        (first, last, length) => {
          try {
            const range = byteRange(`bytes=${first}-${last}`, length);
            if (range === undefined) return;
            expect(range.start).toBeGreaterThanOrEqual(0);
            expect(range.end).toBeGreaterThan(range.start);
            expect(range.end).toBeLessThanOrEqual(length);
          } catch (error) {
            expect(error).toBeInstanceOf(RequestRefused);
          }
        },
      ),
    );
    expect(byteRange('bytes=0-0', 1)).toEqual({ start: 0, end: 1 });
  });
});

describe('A9 the probe', () => {
  const probe = createImageProbe(50_000_000);

  it('A9 whatever the bytes, it answers or refuses', async () => {
    const whole = await noise('png', 16, 16);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.nat(255),
        fc.nat(whole.length),
        async (at, value, length) => {
          const bytes = Uint8Array.from(whole.subarray(0, length));
          if (at < bytes.length) bytes[at] = value;
          try {
            expect(await probe(bytes)).toMatchObject({ contentType: 'image/png' });
          } catch (error) {
            expect(error).toBeInstanceOf(ProblemError);
          }
        },
      ),
      { numRuns: 40 },
    );
    expect(sniffImageType(whole)).toBe('image/png');
  });

  it('A9 at most two are decoded at once, and those that wait are bounded', async () => {
    const image = await noise('png', 64, 64);

    const all = await Promise.allSettled(Array.from({ length: 100 }, () => probe(image)));

    const refused = all.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(100 - 2 - 64);
    for (const one of refused) expect(one.reason).toMatchObject({ code: 'rate_limited' });
  });
});
