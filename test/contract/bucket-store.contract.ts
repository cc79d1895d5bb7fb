import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bucket, RateLimit } from '../../src/core/token-bucket.ts';
import { fullBucket, refilled, taken } from '../../src/core/token-bucket.ts';
import type { OpenEngine } from './support.ts';
import { NOW } from './support.ts';

const LIMIT: RateLimit = { perSecond: 20, burst: 200 };
/** Engines may count in thousandths of a token. */
const DIGITS = 2;

/** What every `BucketStore` holds (A5). */
export function bucketStoreContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} bucket store`, () => {
    it('A5 begins full, and gives back at its rate until it is full again', async () => {
      await using engine = await open();
      const take = (tokens: number, afterMs: number) =>
        engine.buckets.take('b', LIMIT, tokens, NOW + afterMs);
      expect(await take(50, 0)).toBeCloseTo(150, DIGITS);
      expect(await take(0, 1_000)).toBeCloseTo(170, DIGITS);
      expect(await take(1, 2_000)).toBeCloseTo(189, DIGITS);
      expect(await take(1, 60_000)).toBeCloseTo(199, DIGITS);
    });

    it('A5 is owed what was taken beyond it', async () => {
      await using engine = await open();
      expect(await engine.buckets.take('b', LIMIT, 240, NOW)).toBeCloseTo(-40, DIGITS);
      expect(await engine.buckets.take('b', LIMIT, 0, NOW + 1_000)).toBeCloseTo(-20, DIGITS);
      expect(await engine.buckets.take('b', LIMIT, 0, NOW + 3_000)).toBeCloseTo(20, DIGITS);
    });

    it('A5 takes at once add up', async () => {
      await using engine = await open();
      const takes = Array.from({ length: 20 }, () => engine.buckets.take('b', LIMIT, 3, NOW));
      const left = (await Promise.all(takes)).toSorted((a, b) => a - b);
      expect(left[0]).toBeCloseTo(140, DIGITS);
      expect(left.at(-1)).toBeCloseTo(197, DIGITS);
    });

    it('keeps buckets apart, whatever they are called', async () => {
      await using engine = await open();
      await engine.buckets.take('a {x} é', LIMIT, 7, NOW);
      expect(await engine.buckets.take('a {y} é', LIMIT, 1, NOW)).toBeCloseTo(199, DIGITS);
    });

    it('A5 counts as core/token-bucket does, whatever the clock does', async () => {
      await using engine = await open();
      let runs = 0;
      const limits = fc.record({
        perSecond: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
        burst: fc.integer({ min: 1, max: 2_000 }),
      });
      const step = fc.record({
        passMs: fc.integer({ min: -3_000, max: 5_000 }),
        tokens: fc.integer({ min: 0, max: 300 }),
      });
      const property = fc.asyncProperty(
        limits,
        fc.array(step, { minLength: 1, maxLength: 8 }),
        async (limit, steps) => {
          runs += 1;
          let now = NOW;
          let model: Bucket = fullBucket(limit, now);
          for (const { passMs, tokens } of steps) {
            now += passMs;
            model = taken(refilled(model, limit, now), limit, tokens);
            const left = await engine.buckets.take(`model ${runs}`, limit, tokens, now);
            expect(Math.abs(left - model.tokens)).toBeLessThan(0.002);
            // An engine forgets what is full: when the clock was set back, that is no other bucket.
            if (model.tokens >= limit.burst) model = fullBucket(limit, now);
          }
        },
      );
      await fc.assert(property, { numRuns: 60 });
    });
  });
}
