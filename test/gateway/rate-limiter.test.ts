import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryBucketStore } from '../../src/adapters/memory/bucket-store.ts';
import { ProblemError } from '../../src/core/problem.ts';
import type { RateLimit } from '../../src/core/token-bucket.ts';
import type { Charge } from '../../src/gateway/rate-limiter.ts';
import { RateLimiter } from '../../src/gateway/rate-limiter.ts';
import type { BucketStore } from '../../src/ports/bucket-store.ts';
import { VirtualClock } from '../sim/virtual-clock.ts';

const LIMIT: RateLimit = { perSecond: 20, burst: 200 };

const charge = (bucket = 'session one', limit = LIMIT): Charge => {
  return { policy: bucket.split(' ')[0] ?? '', bucket, limit };
};

/** A store whose answers take a while, and that can be away. */
class SlowStore implements BucketStore {
  readonly #inner = new MemoryBucketStore();
  readonly #clock: VirtualClock;
  readonly #lagMs: number;
  takes = 0;
  away = false;

  constructor(clock: VirtualClock, lagMs: number) {
    this.#clock = clock;
    this.#lagMs = lagMs;
  }

  async take(bucket: string, limit: RateLimit, tokens: number): Promise<number> {
    this.takes += 1;
    if (this.#lagMs > 0) await this.#clock.sleep(this.#lagMs);
    if (this.away) throw new ProblemError('storage_unavailable', 'It is away.');
    return this.#inner.take(bucket, limit, tokens, this.#clock.now());
  }
}

function setUp(gateways = 1, lagMs = 0) {
  const clock = new VirtualClock();
  const store = new SlowStore(clock, lagMs);
  const limiters = Array.from({ length: gateways }, () => new RateLimiter(store, clock));
  /** Each gateway gets as many requests at once; how many of all pass. */
  const flood = async (each: number, charges = charge()): Promise<number> => {
    const asked = limiters.flatMap((limiter) =>
      Array.from({ length: each }, () => limiter.take([charges])),
    );
    const answered = Promise.all(asked);
    let done = false;
    void answered.then(() => {
      done = true;
    });
    await clock.run(60_000, () => done);
    return (await answered).filter(({ allowed }) => allowed).length;
  };
  return { clock, store, flood, limiters, limiter: limiters[0] as RateLimiter };
}

describe('A5 one gateway', () => {
  it('A5 lets exactly a burst through, then what comes back', async () => {
    const { clock, flood } = setUp();
    expect(await flood(500)).toBe(200);
    await clock.run(1_000);
    expect(await flood(500)).toBe(20);
    await clock.run(3_600_000);
    // What was not told before is told late, and counts then.
    const again = await flood(500);
    expect(again).toBeLessThanOrEqual(200);
    expect(again).toBeGreaterThan(200 - 10);
  });

  it('A5 says what is left, and when to come back', async () => {
    const { limiter, flood } = setUp();
    const one = charge();
    expect(await limiter.take([one])).toEqual({
      allowed: true,
      tightest: one,
      left: 199,
      retryAfterMs: 0,
    });
    await flood(199);
    expect(await limiter.take([one])).toMatchObject({ allowed: false, left: 0, retryAfterMs: 50 });
  });

  it('A5 takes from all buckets or from none, and names the one that has the least', async () => {
    const { limiter, flood } = setUp();
    const small = charge('session one', { perSecond: 1, burst: 2 });
    const large = charge('address a', LIMIT);
    for (const left of [1, 0]) {
      const { allowed, ...rest } = await limiter.take([small, large]);
      expect([allowed, rest.tightest.policy, rest.left]).toEqual([true, 'session', left]);
    }
    const refused = await limiter.take([small, large]);
    expect([refused.allowed, refused.tightest, refused.retryAfterMs]).toEqual([
      false,
      small,
      1_000,
    ]);
    expect(await flood(500, large)).toBe(198);
  });

  it('A5 asks the store once for ten requests, and nobody waits who comes one at a time', async () => {
    const { clock, store, limiter } = setUp(1, 40);
    for (let i = 0; i < 100; i += 1) {
      expect((await limiter.take([charge()])).allowed).toBe(true);
      await clock.run(50);
    }
    expect(store.takes).toBe(10);
  });

  it('A5 refusals cost the store nothing', async () => {
    const { store, flood } = setUp();
    await flood(200);
    const { takes } = store;
    expect(await flood(1_000)).toBe(0);
    expect(store.takes).toBe(takes);
  });

  it('A5 forgets buckets that are full again, and no others', async () => {
    const { clock, limiter, flood } = setUp();
    await flood(200);
    for (let i = 0; i < 100; i += 1) {
      await limiter.take([charge(`session ${i}`)]);
      await clock.run(10);
    }
    expect(await flood(500)).toBe(20);
  });

  it('A5 a clock that is set back an hour locks nobody out', async () => {
    let now = Date.UTC(2026, 0, 1);
    const clock = { now: () => now, after: () => ({ cancel: () => undefined }) };
    const limiter = new RateLimiter(new MemoryBucketStore(), clock);
    for (let i = 0; i < 200; i += 1) await limiter.take([charge()]);
    now -= 3_600_000;
    expect((await limiter.take([charge()])).retryAfterMs).toBe(50);
    now += 50;
    expect((await limiter.take([charge()])).allowed).toBe(true);
  });
});

describe('A5 several gateways', () => {
  it('A5 let through a burst together, and a tenth of one more each at most', async () => {
    for (const lagMs of [0, 1, 50]) {
      const { clock, flood } = setUp(3, lagMs);
      const first = await flood(300);
      expect(first).toBeGreaterThanOrEqual(200);
      expect(first).toBeLessThanOrEqual(200 + 3 * 20);
      // What was too much is owed: over a longer time it does not add up.
      let all = first;
      const from = clock.now();
      for (let i = 0; i < 50; i += 1) {
        await clock.run(100);
        all += await flood(20);
      }
      const seconds = (clock.now() - from) / 1000;
      expect(all).toBeLessThanOrEqual(200 + 20 * seconds + 3 * 20);
      expect(all).toBeGreaterThan(200 + 20 * seconds - 3 * 20);
    }
  });

  it('A5 the bound holds for any limit, load and delay', async () => {
    const property = fc.asyncProperty(
      fc.record({
        perSecond: fc.integer({ min: 1, max: 200 }),
        burst: fc.integer({ min: 1, max: 400 }),
      }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 200 }),
      fc.array(
        fc.record({
          pause: fc.integer({ min: 0, max: 400 }),
          each: fc.integer({ max: 30, min: 0 }),
        }),
        { maxLength: 15 },
      ),
      async (limit, gateways, lagMs, rounds) => {
        const { clock, flood } = setUp(gateways, lagMs);
        const from = clock.now();
        let all = 0;
        for (const { pause, each } of rounds) {
          await clock.run(pause);
          all += await flood(each, charge('session one', limit));
          const seconds = (clock.now() - from) / 1000;
          const slack = gateways === 1 ? 0 : gateways * Math.max(2, limit.burst / 10);
          expect(all).toBeLessThanOrEqual(limit.burst + limit.perSecond * seconds + slack + 1e-6);
        }
      },
    );
    await fc.assert(property, {
      numRuns: 60,
      examples: [[{ perSecond: 1, burst: 6 }, 4, 0, [{ pause: 0, each: 4 }]]],
    });
  });

  it('A5 without the storage each limits alone, refuses nobody for that, and asks once a second', async () => {
    const { clock, store, flood } = setUp(2, 5);
    store.away = true;
    expect(await flood(300)).toBe(400);
    const { takes } = store;
    expect(takes).toBeLessThanOrEqual(2);
    await clock.run(900);
    await flood(10);
    expect(store.takes).toBe(takes);
    store.away = false;
    await clock.run(20_000);
    await flood(20);
    await clock.run(100);
    // Told of it all, the shared bucket is where it was before.
    const left = store.take('session one', LIMIT, 0);
    await clock.run(100);
    expect(await left).toBeLessThan(100);
  });
});
