/** What the fair queue does about the server that the calls go to, and about time. */
import { describe, expect, it } from 'vitest';
import type { FairQueue, QueueItem, QueueLease } from '../../src/core/fair-queue.ts';
import { openQueue } from './fair-queue-items.ts';

const segment = (key: string): QueueItem<string> => ({
  key,
  session: key.slice(0, 1),
  kind: 'segment',
  value: key,
});

/** A server whose calls take so long, found out by calls. */
function openMeasured(ceiling: number, durationMs = 500): FairQueue<string> {
  const queue = openQueue(ceiling);
  for (let n = 0; n < 30; n += 1) {
    queue.enqueue(segment('a1'));
    const lease = queue.claim({ claimId: `measure ${n}`, leaseMs: 9_999, now: n * 500 });
    const call = { kind: 'segment', result: 'ok', durationMs } as const;
    const how = { dirty: false, call, now: n * 500 + 500 };
    queue.release('a1', lease?.fence ?? 0, how);
  }
  return queue;
}

describe('FairQueue: deadlines', () => {
  const now = 100_000;
  const claim = (queue: FairQueue<string>, at: number) =>
    queue.claim({ claimId: `${at}`, leaseMs: 60_000, now: at });

  it('hands out what waits in vain although every place is taken', () => {
    const queue = openMeasured(1);
    queue.enqueue({ ...segment('a1'), deadline: now + 5_000 });
    expect(claim(queue, now)).toMatchObject({ key: 'a1', overdue: false });
    queue.enqueue({ ...segment('b1'), deadline: now + 2_000 });
    expect(queue.nextDue(now)).toBe(now + 2_000);
    expect(claim(queue, now + 1_999)).toBeUndefined();
    expect(claim(queue, now + 2_000)).toMatchObject({ key: 'b1', overdue: true });
  });

  it('begins no call that would end too late, by the slow ones of recent calls', () => {
    const queue = openMeasured(3);
    queue.enqueue(segment('z1'));
    claim(queue, now - 1);
    queue.enqueue({ ...segment('a1'), deadline: now + 499 });
    queue.enqueue({ ...segment('b1'), deadline: now + 500 });
    expect(claim(queue, now)).toMatchObject({ key: 'a1', overdue: true });
    const ended = queue.release('a1', claim(queue, now)?.fence ?? 0, { dirty: false, now });
    expect(ended).toBe('ended');
    expect(claim(queue, now + 0.1)).toMatchObject({ key: 'b1', overdue: true });
  });

  it('begins one that would end too late while nothing else does, to see how long calls take', () => {
    const queue = openMeasured(1);
    queue.enqueue({ ...segment('a1'), deadline: now + 500 });
    expect(claim(queue, now + 1)).toMatchObject({ key: 'a1', overdue: true });
    const swamped = openMeasured(1, 8_000);
    swamped.enqueue({ ...segment('a1'), deadline: now + 1_000 });
    expect(claim(swamped, now)).toMatchObject({ key: 'a1', overdue: false });
  });

  it('counts calls of its kind that are under way when it judges one', () => {
    const queue = openMeasured(4);
    for (const key of ['a1', 'a2']) queue.enqueue(segment(key));
    const first = claim(queue, now);
    claim(queue, now + 1);
    const call = { kind: 'segment', result: 'ok', durationMs: 3_000 } as const;
    queue.release(first?.key ?? '', first?.fence ?? 0, { dirty: false, call, now: now + 3_000 });
    expect(queue.load(now + 3_000)).toMatchObject({ limit: 2 });
  });

  it('goes by the newest click of an object', () => {
    const queue = openMeasured(1);
    queue.enqueue({ ...segment('a1'), deadline: now + 1_000 });
    queue.enqueue({ ...segment('a1'), deadline: now + 9_000 });
    queue.enqueue({ ...segment('a1'), deadline: now + 3_000 });
    expect(claim(queue, now + 8_000)).toMatchObject({ overdue: false, deadline: now + 9_000 });
  });

  it('does not repeat what would end too late', () => {
    const queue = openMeasured(1);
    queue.enqueue({ ...segment('a1'), deadline: now + 1_000 });
    const fence = claim(queue, now)?.fence ?? 0;
    const call = { kind: 'segment', result: 'failed' } as const;
    const how = { dirty: false, call, now: now + 400 };
    expect(queue.release('a1', fence, { ...how, retryAt: now + 501 })).toBe('kept');
    expect(queue.release('a1', fence, { ...how, retryAt: now + 500 })).toBe('ended');
    expect(claim(queue, now + 500)).toMatchObject({ attempts: 1 });
  });
});

describe('FairQueue: admission', () => {
  const now = 100_000;
  const limits = { now, maxWaitMs: 1_000 };

  it('A14 refuses what would wait too long, and tells how long', () => {
    const queue = openMeasured(1);
    for (const key of ['a1', 'b1', 'c1']) {
      expect(queue.admit(segment(key), limits)).toBeUndefined();
      queue.enqueue(segment(key));
    }
    expect(queue.admit(segment('d1'), limits)).toEqual({ etaMs: 2_000 });
    expect(queue.admit(segment('a1'), limits)).toBeUndefined();
  });

  it('A14 counts what was let in and is not there yet, for a while', () => {
    const queue = openMeasured(1);
    for (const key of ['a1', 'b1', 'c1', 'c1']) {
      expect(queue.admit(segment(key), limits)).toBeUndefined();
    }
    expect(queue.admit(segment('d1'), limits)).toEqual({ etaMs: 2_000 });
    queue.enqueue(segment('a1'));
    expect(queue.admit(segment('d1'), limits)).toEqual({ etaMs: 2_000 });
    expect(queue.admit(segment('d1'), { ...limits, now: now + 2_000 })).toBeUndefined();
  });

  it('A14 refuses what would end after its deadline', () => {
    const queue = openMeasured(1);
    queue.enqueue(segment('a1'));
    const asked = (deadline: number) => queue.admit({ ...segment('b1'), deadline }, limits);
    expect(asked(now + 999)).toEqual({ etaMs: 1_000 });
    expect(asked(now + 1_000)).toBeUndefined();
  });

  it('A14 lets in what is next, whatever is thought of calls', () => {
    const queue = openMeasured(1);
    expect(queue.admit({ ...segment('a1'), deadline: now + 1 }, limits)).toBeUndefined();
  });
});

describe('FairQueue: retries', () => {
  it('B5 repeats one call of ten, and one every ten seconds', () => {
    const queue = openQueue(1);
    let time = 1_000_000;
    const failing = () => {
      time += 1;
      queue.enqueue(segment('a1'));
      const fence = queue.claim({ claimId: `${time}`, leaseMs: 9_999, now: time })?.fence ?? 0;
      const call = { kind: 'segment', result: 'ok' } as const;
      const how = { dirty: false, now: time, call };
      const reply = queue.release('a1', fence, { ...how, retryAt: time });
      if (reply === 'kept') queue.release('a1', fence, how);
      return reply;
    };
    const replies = Array.from({ length: 200 }, failing);
    const repeated = replies.filter((reply) => reply === 'ended').length;
    expect(replies[0]).toBe('ended');
    expect(repeated).toBeGreaterThanOrEqual(17);
    expect(repeated).toBeLessThanOrEqual(20);
    expect(failing()).toBe('kept');
    time += 10_000;
    expect(failing()).toBe('ended');
  });

  it('counts a call once, however often its end is told', () => {
    const queue = openQueue(8);
    queue.enqueue(segment('a1'));
    const fence = queue.claim({ claimId: 'one', leaseMs: 9_999, now: 5_000 })?.fence ?? 0;
    const call = { kind: 'segment', result: 'overloaded' } as const;
    const how = { dirty: false, now: 5_600, call };
    // So soon that the budget does not allow it.
    queue.release('a1', fence, { ...how, retryAt: 5_600 });
    queue.release('a1', fence, { ...how, now: 9_000, retryAt: 9_000 });
    expect(queue.load(9_000)).toMatchObject({ limit: 4 });
  });

  it('probes one call at a time, which costs the item that it was made for nothing', () => {
    const queue = openQueue(4);
    const claim = (now: number) => queue.claim({ claimId: `at ${now}`, leaseMs: 60_000, now });
    const end = (lease: QueueLease<string> | undefined, result: 'ok' | 'failed', now: number) => {
      const { key = '', fence = 0 } = lease ?? {};
      const how = { dirty: false, call: { kind: 'segment', result }, now } as const;
      const retryAt = result === 'failed' ? now : undefined;
      const reply = queue.release(key, fence, { ...how, retryAt });
      if (reply === 'kept') queue.release(key, fence, how);
      return reply;
    };
    for (const key of ['a1', 'a2', 'a3', 'b1', 'b2', 'b3', 'c1', 'c2']) queue.enqueue(segment(key));
    for (let n = 0; n < 5; n += 1) end(claim(50_000), 'failed', 50_000);
    expect(queue.load(50_000)).toMatchObject({ health: 'down' });
    expect(queue.nextDue(50_000)).toBe(50_500);
    expect(claim(50_499)).toBeUndefined();
    const probe = claim(50_500);
    expect(probe).toMatchObject({ attempts: 0 });
    expect(claim(50_501)).toBeUndefined();
    expect(end(probe, 'failed', 50_600)).toBe('ended');
    expect(claim(51_599)).toBeUndefined();
    const second = claim(51_600);
    expect(second).toMatchObject({ attempts: 0 });
    end(second, 'ok', 52_000);
    expect(queue.load(52_000)).toMatchObject({ health: 'ok' });
    expect([claim(52_000), claim(52_001)]).not.toContain(undefined);
  });
});
