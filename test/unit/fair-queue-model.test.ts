/** The fair queue beside the plain model of it: the same steps, the same answers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueItem } from '../../src/core/fair-queue.ts';
import { CONTENTS, openQueue, prepare, SESSIONS, segment, segmentKey } from './fair-queue-items.ts';
import { NaiveQueue } from './fair-queue-model.ts';

const awaited = fc.option(
  fc.constantFrom(...CONTENTS).map((content) => `prepare ${content}`),
  { nil: undefined },
);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('segment' as const), key: segmentKey, after: awaited }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('prepare' as const),
      session: fc.constantFrom(...SESSIONS),
      content: fc.constantFrom(...CONTENTS),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('claim' as const), repeated: fc.nat({ max: 5 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      which: fc.nat({ max: 9 }),
      dirty: fc.boolean(),
      retryMs: fc.option(fc.nat({ max: 20 }), { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('renew' as const), which: fc.nat({ max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('limit' as const), limit: fc.nat({ max: 4 }) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Does the same to both queues, compares what they say, and watches what must never happen. */
class Pair {
  readonly #queue = openQueue(2);
  readonly #model = new NaiveQueue(2);
  /** Every lease ever given, the dead ones too. */
  readonly #leases: { readonly key: string; readonly fence: number }[] = [];
  #now = 1_000_000;
  #claims = 0;

  constructor() {
    // Calm times, in which retries were saved up.
    for (let n = 0; n < 100; n += 1) {
      this.#queue.enqueue(segment('a1'));
      const lease = this.#queue.claim({ claimId: `calm ${n}`, leaseMs: 1, now: n });
      if (lease === undefined) throw new Error('nothing may start');
      const call = { kind: 'segment', result: 'ok' } as const;
      this.#queue.release(lease.key, lease.fence, { dirty: false, call, now: n });
      this.#model.enqueue(segment('a1'));
      this.#model.claim('calm', 1, n);
      this.#model.release('a1', this.#model.find('a1')?.lease?.fence ?? 0, false, undefined);
    }
  }

  play(one: Step): void {
    this.#now += 3;
    const { leased } = this.#queue.load(this.#now);
    this.#carryOut(one);
    const load = this.#queue.load(this.#now);
    expect(load.leased).toBeLessThanOrEqual(Math.max(leased, load.limit));
    expect(load).toMatchObject({
      waiting: this.#model.line().length,
      leased: this.#model.leased().length,
      limit: this.#model.limit,
    });
    this.#model.line().forEach(({ item }, position) => {
      expect(this.#queue.place(item.key)).toEqual({ state: 'queued', position });
    });
  }

  #carryOut(one: Step): void {
    if (one.do === 'segment') this.#enqueue(segment(one.key, one.after));
    if (one.do === 'prepare') this.#enqueue(prepare(one.session, one.content));
    if (one.do === 'claim') this.#claim(one.repeated);
    if (one.do === 'release') this.#release(one);
    if (one.do === 'renew') this.#renew(one.which);
    if (one.do === 'limit') this.#limit(one.limit);
    if (one.do === 'expire') {
      expect(this.#queue.expire(this.#now)).toBe(this.#model.expire(this.#now));
    }
  }

  #limit(limit: number): void {
    this.#queue.setCeiling(limit, limit);
    this.#model.limit = limit;
  }

  #enqueue(item: QueueItem<string>): void {
    const before = this.#queue.place(item.key);
    const foretold = this.#queue.preview(item);
    const spot = this.#queue.enqueue(item);
    expect(spot).toEqual(this.#model.enqueue(item));
    const promoted = item.after !== undefined || item.kind === 'prepare';
    if (!promoted) expect(spot.position).toBe(foretold);
    if (!promoted && before?.state === 'queued') {
      expect(spot).toEqual({ state: 'merged', position: before.position });
    }
  }

  #claim(repeated: number): void {
    if (repeated > 0) this.#claims += 1;
    const claimId = `claim ${this.#claims}`;
    const mayStart = this.#model.startable(this.#now).length > 0;
    const full = this.#model.leased().length >= this.#model.limit;
    const lease = this.#queue.claim({ claimId, leaseMs: 10, now: this.#now });
    expect(lease).toEqual(this.#model.claim(claimId, 10, this.#now));
    if (mayStart && !full) expect(lease).toBeDefined();
    if (lease === undefined || this.#leases.some(({ fence }) => fence === lease.fence)) return;
    const last = this.#leases.at(-1)?.fence ?? 0;
    expect(lease.fence).toBeGreaterThan(last);
    this.#leases.push(lease);
  }

  #release(one: Extract<Step, { do: 'release' }>): void {
    const lease = this.#leases.at(-1 - one.which);
    if (lease === undefined) return;
    const { dirty, retryMs } = one;
    const retryAt = retryMs === undefined ? undefined : this.#now + retryMs;
    const now = this.#now;
    const reply = this.#queue.release(lease.key, lease.fence, { dirty, retryAt, now });
    if (reply === 'kept') return;
    const ended = this.#model.release(lease.key, lease.fence, dirty, retryAt);
    expect(reply).toBe(ended ? 'ended' : 'gone');
  }

  #renew(which: number): void {
    const lease = this.#leases.at(-1 - which);
    if (lease === undefined) return;
    const live = this.#model.leased().find((entry) => entry.lease?.fence === lease.fence);
    if (live?.lease !== undefined) live.lease.until = this.#now + 10;
    const renewed = this.#queue.renew(lease.key, lease.fence, this.#now + 10);
    expect(renewed).toBe(live !== undefined);
  }
}

describe('FairQueue', () => {
  it('L5 does what the plain model does, whatever is asked of it', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pair = new Pair();
        for (const one of steps) pair.play(one);
      }),
      { numRuns: 400 },
    );
  });
});
