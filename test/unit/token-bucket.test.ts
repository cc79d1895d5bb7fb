import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bucket, RateLimit } from '../../src/core/token-bucket.ts';
import {
  fullBucket,
  holds,
  msUntil,
  refilled,
  taken,
  windowMs,
} from '../../src/core/token-bucket.ts';

const limits = fc.record({
  perSecond: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
  burst: fc.integer({ min: 1, max: 500 }),
});

/** Spans between attempts: mostly far shorter than a token takes. */
const spans = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 30_000 })),
  { minLength: 1, maxLength: 300 },
);

/** One attempt at a time; whether it was admitted. */
function attempt(bucket: Bucket, limit: RateLimit, now: number): [Bucket, boolean] {
  const here = refilled(bucket, limit, now);
  return holds(here, 1) ? [taken(here, limit, 1), true] : [here, false];
}

describe('A5 token bucket', () => {
  it('A5 never admits more than burst + rate × time, over any span', () => {
    fc.assert(
      fc.property(limits, spans, (limit, waits) => {
        let now = 1_000_000;
        let bucket = fullBucket(limit, now);
        const admitted: number[] = [];
        for (const wait of waits) {
          now += wait;
          const [next, passed] = attempt(bucket, limit, now);
          bucket = next;
          if (passed) admitted.push(now);
        }
        admitted.forEach((from, i) => {
          for (let j = i; j < admitted.length; j += 1) {
            const spanMs = (admitted[j] as number) - from;
            const most = limit.burst + (limit.perSecond * spanMs) / 1000;
            expect(j - i + 1).toBeLessThanOrEqual(most + 1e-6);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('A5 refuses nobody for whom there is a token: it is work-conserving', () => {
    fc.assert(
      fc.property(limits, spans, (limit, waits) => {
        let now = 0;
        let bucket = fullBucket(limit, now);
        // The same by another way: what flowed in, less what ran over, less what was taken.
        let level = limit.burst;
        for (const wait of waits) {
          now += wait;
          level = Math.min(limit.burst, level + (wait * limit.perSecond) / 1000);
          const [next, passed] = attempt(bucket, limit, now);
          bucket = next;
          if (level >= 1 + 1e-6) expect(passed).toBe(true);
          if (passed) level -= 1;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('A5 says exactly when there is a token again', () => {
    fc.assert(
      fc.property(limits, fc.integer({ min: 0, max: 2_000 }), (limit, tokens) => {
        const bucket = taken(fullBucket(limit, 0), limit, tokens);
        const ms = msUntil(bucket, limit, 1);
        expect(holds(refilled(bucket, limit, ms), 1)).toBe(true);
        if (ms > 1) expect(holds(refilled(bucket, limit, ms - 1), 1)).toBe(false);
      }),
    );
  });

  it('A5 clock jumps mint nothing but what the time ahead is worth, and lock nobody out', () => {
    const jumps = fc.array(fc.integer({ min: -100_000, max: 100_000 }), { maxLength: 100 });
    fc.assert(
      fc.property(limits, jumps, (limit, steps) => {
        let now = 1_000_000_000;
        let ahead = 0;
        let bucket = fullBucket(limit, now);
        let admitted = 0;
        for (const step of steps) {
          now += step;
          ahead += Math.max(0, step);
          const before = bucket.tokens;
          bucket = refilled(bucket, limit, now);
          expect(bucket.tokens).toBeGreaterThanOrEqual(before);
          expect(bucket.tokens).toBeLessThanOrEqual(limit.burst);
          if (!holds(bucket, 1)) continue;
          bucket = taken(bucket, limit, 1);
          admitted += 1;
        }
        const most = limit.burst + (ahead * limit.perSecond) / 1000;
        expect(admitted).toBeLessThanOrEqual(most + 1e-6);
      }),
    );
  });

  it('A5 what is owed is bounded, and so is the time until it is paid', () => {
    const limit = { perSecond: 2, burst: 10 };
    const bucket = taken(fullBucket(limit, 0), limit, 1_000_000);
    expect(bucket.tokens).toBe(-100);
    expect(msUntil(bucket, limit, 1)).toBe(50_500);
    expect(windowMs(limit)).toBe(5_000);
  });
});
