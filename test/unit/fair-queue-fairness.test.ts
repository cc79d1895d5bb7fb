/** Who is served when: nobody starves, weights count, and the past gives no advantage. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/core/fair-queue/turns.ts';
import { FairQueue } from '../../src/core/fair-queue.ts';
import { OBJECTS, openQueue, prepare, SESSIONS, segment, segmentKey } from './fair-queue-items.ts';

/** A busy pool, and how many claims passed each token that waits. */
class Patience {
  readonly #queue: FairQueue<string>;
  readonly #limit: number;
  readonly #leases: { readonly key: string; readonly fence: number }[] = [];
  readonly #passedBy = new Map<string, number>();
  #turn = 0;

  constructor(limit: number) {
    this.#queue = openQueue(limit);
    this.#limit = limit;
  }

  get longestWait(): number {
    return Math.max(0, ...this.#passedBy.values());
  }

  play(key: string, which: number, dirty: boolean): void {
    this.#queue.enqueue(segment(key));
    this.#note(key);
    if (this.#leases.length === this.#limit) this.#end(which, dirty);
    this.#turn += 1;
    const lease = this.#queue.claim({ claimId: `${this.#turn}`, leaseMs: 1, now: 0 });
    if (lease === undefined) return;
    this.#leases.push(lease);
    this.#passedBy.delete(lease.key);
    for (const [waiting, claims] of this.#passedBy) this.#passedBy.set(waiting, claims + 1);
  }

  #end(which: number, dirty: boolean): void {
    const [ended] = this.#leases.splice(which % this.#leases.length, 1);
    if (ended === undefined) return;
    this.#queue.release(ended.key, ended.fence, { dirty, now: 0 });
    this.#note(ended.key);
  }

  #note(key: string): void {
    if (this.#queue.place(key)?.state !== 'queued') return;
    this.#passedBy.set(key, this.#passedBy.get(key) ?? 0);
  }
}

describe('FairQueue', () => {
  it('starves nobody: what may start is claimed after sessions × objects × weights claims', () => {
    const adversary = fc.record({
      limit: fc.integer({ min: 1, max: 4 }),
      moves: fc.array(fc.tuple(segmentKey, fc.nat({ max: 3 }), fc.boolean()), { minLength: 50 }),
    });
    fc.assert(
      fc.property(adversary, ({ limit, moves }) => {
        const patience = new Patience(limit);
        for (const [key, which, dirty] of moves) {
          patience.play(key, which, dirty);
          expect(patience.longestWait).toBeLessThanOrEqual(4 * SESSIONS.length * OBJECTS.length);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('gives a session that asks for everything no more than one that asks for a little', () => {
    const queue = new FairQueue<string>(1);
    for (let n = 0; n < 100; n += 1) queue.enqueue(segment(`a${n}`));
    for (let n = 0; n < 10; n += 1) queue.enqueue(segment(`b${n}`));
    const served: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      const lease = queue.claim({ claimId: `${n}`, leaseMs: 1, now: 0 });
      if (lease === undefined) break;
      served.push(lease.key.slice(0, 1));
      queue.release(lease.key, lease.fence, { dirty: false, now: 0 });
    }
    expect(served.filter((session) => session === 'b')).toHaveLength(10);
  });

  it('does not let work that was blocked turn time back', () => {
    const queue = new FairQueue<string>(1);
    const serve = () => {
      const lease = queue.claim({ claimId: crypto.randomUUID(), leaseMs: 1, now: 0 });
      if (lease !== undefined) queue.release(lease.key, lease.fence, { dirty: false, now: 0 });
      return lease?.key;
    };
    queue.enqueue({ ...prepare('z', 'i') });
    const hold = queue.claim({ claimId: 'hold', leaseMs: 1, now: 0 });
    queue.setCeiling(2, 2);
    queue.enqueue(segment('a1', 'prepare i'));
    for (const key of ['d1', 'd2', 'd3', 'd4']) queue.enqueue(segment(key));
    expect([serve(), serve(), serve()]).toEqual(['d1', 'd2', 'd3']);
    if (hold !== undefined) queue.release(hold.key, hold.fence, { dirty: false, now: 0 });
    expect(serve()).toBe('a1');
    // A newcomer starts at the present, not in the past of the token that was blocked.
    for (const key of ['d5', 'e1', 'e2']) queue.enqueue(segment(key));
    expect([serve(), serve(), serve(), serve()]).toEqual(['e1', 'd4', 'e2', 'd5']);
  });

  it('treats everybody alike once nothing is left to do', () => {
    const queue = new FairQueue<string>(1);
    for (const key of ['a1', 'a2', 'a3']) queue.enqueue(segment(key));
    for (let n = 0; n < 3; n += 1) {
      const lease = queue.claim({ claimId: `${n}`, leaseMs: 1, now: 0 });
      queue.release(lease?.key ?? '', lease?.fence ?? 0, { dirty: false, now: 0 });
    }
    queue.enqueue(segment('a4'));
    expect(queue.enqueue(segment('b1'))).toEqual({ state: 'queued', position: 1 });
  });

  it('serves sessions by their weights while they have work', () => {
    const weights = fc.array(fc.constantFrom(100, 250, 500, 1_000, 2_000), {
      minLength: 2,
      maxLength: 5,
    });
    fc.assert(
      fc.property(weights, (costs) => {
        const queue = openQueue(1);
        const served = costs.map(() => 0);
        const item = (session: number, n: number) => {
          const [name, key] = [`${session}`, `${session} ${n}`];
          return {
            key,
            session: name,
            kind: 'segment',
            value: name,
            cost: costs[session],
          } as const;
        };
        for (let n = 0; n < 200; n += 1) {
          costs.forEach((_, session) => void queue.enqueue(item(session, n)));
        }
        for (let n = 0; n < 150; n += 1) {
          const lease = queue.claim({ claimId: `${n}`, leaseMs: 1, now: 0 });
          if (lease === undefined) break;
          const session = Number(lease.value);
          served[session] = (served[session] ?? 0) + (costs[session] ?? 0);
          queue.release(lease.key, lease.fence, { dirty: false, now: 0 });
          // The bound of the method: no two differ by more than a turn of each.
          expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(4_000);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('names the end of a lease that has run out, but no retry that may start already', () => {
    const queue = new FairQueue<string>(1);
    queue.enqueue(segment('a1'));
    const lease = queue.claim({ claimId: 'one', leaseMs: 10, now: 100 });
    expect(queue.nextDue(500)).toBe(110);
    queue.release('a1', lease?.fence ?? 0, { dirty: true, retryAt: 20_200, now: 20_100 });
    expect(queue.nextDue(20_199)).toBe(20_200);
    // It waits for a place, not for a time: a timer on it would only spin.
    expect(queue.nextDue(20_200)).toBeUndefined();
  });
});

describe('Turns', () => {
  it('forgets sessions whose turn has passed, and none whose turn is to come', () => {
    const turns = new Turns();
    for (let n = 0; n < 5; n += 1) turns.take('greedy', 1);
    for (let n = 0; n < 10_000; n += 1) turns.take(`early ${n}`, 1);
    turns.served(1);
    for (let n = 0; n < 12_000; n += 1) turns.take(`late ${n}`, 1);
    expect(turns.remembered).toBeLessThanOrEqual(12_001);
    expect(turns.preview('greedy')).toBe(5);
    expect(turns.preview('early 1')).toBe(1);
  });

  it('bounds what it remembers when time stands still', () => {
    const turns = new Turns();
    for (let n = 0; n < 200_000; n += 1) turns.take(`once ${n}`, 1);
    expect(turns.remembered).toBeLessThanOrEqual(65_536);
  });
});
