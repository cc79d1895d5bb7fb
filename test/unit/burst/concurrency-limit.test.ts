import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConcurrencyLimit, EndedCall } from '../../../src/core/burst/concurrency-limit.ts';
import {
  afterCall,
  FIRST_LIMIT,
  withinCeiling,
  withUsual,
} from '../../../src/core/burst/concurrency-limit.ts';
import { recordServiceTime, UNKNOWN_SERVICE_TIME } from '../../../src/core/burst/service-time.ts';

const CALL_MS = 500;

/** A call that took as long as calls do, with the server as full as it may be. */
const ordinary = (
  state: ConcurrencyLimit,
  now: number,
  more: Partial<EndedCall> = {},
): EndedCall => ({
  kind: 'segment',
  result: 'ok',
  durationMs: CALL_MS,
  startedAt: now - CALL_MS,
  now,
  inFlight: Math.floor(state.limit),
  alone: Math.floor(state.limit) === 1,
  othersSince: [],
  ...more,
});

/** Time goes on by one call time with each. */
function play(ceiling: number, calls: readonly Partial<EndedCall>[], from = FIRST_LIMIT) {
  return calls.reduce<{ state: ConcurrencyLimit; now: number }>(
    ({ state, now }, more) => {
      const next = now + CALL_MS;
      return { state: afterCall(state, ordinary(state, next, more), ceiling, CALL_MS), now: next };
    },
    { state: from, now: 1_000_000 },
  );
}

const ok = (count: number) => Array.from({ length: count }, () => ({}));
const slow = { durationMs: 4 * CALL_MS, alone: false };

describe('concurrency limit', () => {
  it('starts at one call, and doubles with each round of calls while they fill it', () => {
    expect(FIRST_LIMIT.limit).toBe(1);
    expect(play(16, ok(1)).state.limit).toBe(2);
    expect(play(16, ok(1 + 2)).state.limit).toBe(4);
    expect(play(16, ok(1 + 2 + 4)).state.limit).toBe(8);
    expect(play(8, ok(60)).state.limit).toBe(8);
    expect(play(8, [{}, { inFlight: 1 }, { inFlight: 1 }]).state.limit).toBe(2);
  });

  it('doubles no more when calls become longer, or once it was halved', () => {
    const longer = { durationMs: 1.9 * CALL_MS, alone: false };
    expect(play(8, [...ok(3), longer]).state.limit).toBe(4.25);
    const halved = play(8, [...ok(7), { result: 'overloaded' }]);
    expect(halved.state.limit).toBe(4);
    expect(play(8, ok(1), halved.state).state.limit).toBe(4.25);
  });

  const results = fc.constantFrom('ok', 'overloaded', 'timeout', 'failed', 'unreachable');
  const calls = fc.array(
    fc.record({
      result: results,
      durationMs: fc.integer({ min: 1, max: 10_000 }),
      inFlight: fc.integer({ min: 1, max: 9 }),
      alone: fc.boolean(),
      kind: fc.constantFrom('encode', 'segment'),
    }),
    { maxLength: 60 },
  ) as fc.Arbitrary<EndedCall[]>;

  it('B6 never passes the ceiling and never falls below one call', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), calls, (ceiling, each) => {
        for (let length = 0; length <= each.length; length += 1) {
          const { limit } = play(ceiling, each.slice(0, length)).state;
          expect(limit).toBeGreaterThanOrEqual(1);
          expect(limit).toBeLessThanOrEqual(ceiling);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each(['overloaded', 'timeout'] as const)('halves after %s', (result) => {
    const { state } = play(8, [...ok(60), { result, durationMs: undefined }]);
    expect(state.limit).toBe(4);
  });

  it('takes a call that was given little time and did not end for a slow one', () => {
    const hurried = { result: 'timeout', durationMs: CALL_MS, alone: false } as const;
    expect(play(8, [...ok(60), hurried, {}, hurried]).state.limit).toBe(8);
    expect(play(8, [...ok(60), hurried, hurried]).state.limit).toBe(4);
    expect(play(8, [...ok(60), { ...hurried, durationMs: 4 * CALL_MS }]).state.limit).toBe(4);
  });

  it('leaves a failure to the breaker', () => {
    expect(play(8, [...ok(60), { result: 'failed' }]).state.limit).toBe(8);
    expect(play(8, [...ok(60), { result: 'unreachable' }]).state.limit).toBe(8);
  });

  it('takes two slow calls in a row for overload, one for an accident', () => {
    expect(play(8, [...ok(60), slow, {}, slow]).state.limit).toBe(8);
    expect(play(8, [...ok(60), slow, slow]).state.limit).toBe(4);
  });

  it('takes one slow call for overload when another under way is as slow already', () => {
    const { state, now } = play(8, ok(60));
    const beside = (since: number) => {
      const call = { ...slow, startedAt: now, othersSince: [since] };
      return afterCall(state, ordinary(state, now + 4 * CALL_MS, call), 8, CALL_MS).limit;
    };
    expect(beside(now + 2 * CALL_MS)).toBe(8);
    expect(beside(now)).toBe(4);
    const cut = { ...state, cutAt: now + 1 };
    const late = { ...slow, startedAt: now + 1, othersSince: [now] };
    expect(afterCall(cut, ordinary(cut, now + 4 * CALL_MS, late), 8, CALL_MS).limit).toBe(8);
  });

  it('takes the mean of twenty calls for the time of one alone, later only when it is less', () => {
    const timed = (count: number, ms: number) =>
      Array(count).fill(ms).reduce(recordServiceTime, UNKNOWN_SERVICE_TIME);
    const state = play(8, ok(1)).state;
    const baselineAfter = (count: number, ms: number) =>
      withUsual(state, 'segment', timed(count, ms)).baselineMs.segment;
    expect(state.baselineMs.segment).toBe(750);
    expect([19, 20, 21].map((count) => baselineAfter(count, 600))).toEqual([750, 600, 600]);
    expect([19, 20, 21].map((count) => baselineAfter(count, 900))).toEqual([750, 900, 750]);
    expect(withUsual(FIRST_LIMIT, 'segment', timed(20, 600))).toBe(FIRST_LIMIT);
  });

  it('does not call slow what nobody would notice', () => {
    const quick = { durationMs: 10 };
    const { state } = play(8, [
      ...ok(60).map(() => quick),
      ...ok(9).map(() => ({ durationMs: 90 })),
    ]);
    expect(state.limit).toBe(8);
  });

  it('halves once in a call time, and not for calls from before', () => {
    const { state, now } = play(8, [...ok(60), { result: 'overloaded' }]);
    const again = (at: number, startedAt: number) =>
      afterCall(state, ordinary(state, at, { result: 'overloaded', startedAt }), 8, CALL_MS).limit;
    expect(again(now + 499, now + 1)).toBe(4);
    expect(again(now + 900, now - 1)).toBe(4);
    expect(again(now + 500, now + 1)).toBe(2);
  });

  it('rests after it was halved for slowness, and then grows again', () => {
    const { state, now } = play(8, [...ok(60), slow, slow]);
    const later = (ms: number) => afterCall(state, ordinary(state, now + ms), 8, CALL_MS).limit;
    expect(later(CALL_MS * 17)).toBe(4);
    expect(later(CALL_MS * 19)).toBe(4.25);
  });

  it('rests twice as long when it is soon halved again', () => {
    const first = play(8, [...ok(60), slow, slow]);
    const restMs = first.state.restUntil - first.now;
    const again = (at: number) => {
      const late = (now: number) => ordinary(first.state, now, { ...slow, startedAt: at - 1 });
      const one = afterCall(first.state, late(at), 8, CALL_MS);
      return afterCall(one, late(at), 8, CALL_MS).restUntil - at;
    };
    expect(again(first.state.restUntil + restMs - 1)).toBe(2 * restMs);
    expect(again(first.state.restUntil + restMs)).toBe(restMs);
  });

  it('gets used to a server that became slower for good, but not to being overloaded', () => {
    const before = play(8, ok(60)).state;
    const overloaded = play(8, Array(40).fill({ ...slow }), before).state;
    expect(overloaded.limit).toBe(1);
    expect(overloaded.baselineMs).toEqual(before.baselineMs);
    const settled = play(8, Array(100).fill({ durationMs: 5 * CALL_MS }), overloaded).state;
    expect(settled.limit).toBe(8);
  });

  it('knows what is normal for each kind of call', () => {
    const { state } = play(4, [...ok(20), ...Array(9).fill({ kind: 'encode', durationMs: 9_000 })]);
    expect(state.limit).toBe(4);
  });

  it('follows the ceiling, and starts higher where it is told to', () => {
    const { state } = play(8, ok(60));
    expect(withinCeiling(state, 3).limit).toBe(3);
    expect(withinCeiling(state, 20).limit).toBe(8);
    expect(withinCeiling(FIRST_LIMIT, 6, 4).limit).toBe(4);
    expect(withinCeiling(state, 0).limit).toBe(1);
  });
});
