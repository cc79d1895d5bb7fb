import { describe, expect, it } from 'vitest';
import type { Breaker } from '../../../src/core/burst/breaker.ts';
import {
  begun,
  breakerState,
  CLOSED_BREAKER,
  judged,
  lets,
  withoutProbe,
} from '../../../src/core/burst/breaker.ts';

const NOW = 1_000_000;

/** After that many calls that failed. */
function failed(times: number, from: Breaker = CLOSED_BREAKER): Breaker {
  let breaker = from;
  for (let n = 0; n < times; n += 1) breaker = judged(breaker, n, 'failed', NOW);
  return breaker;
}

/** After a probe at a time, with its result. */
function probed(breaker: Breaker, at: number, result: 'ok' | 'failed'): Breaker {
  expect(lets(breaker, at)).toBe(true);
  return judged(begun(breaker, 77), 77, result, at);
}

describe('breaker', () => {
  it('opens after five calls in a row that brought nothing', () => {
    expect(breakerState(failed(4), NOW)).toBe('closed');
    expect(breakerState(failed(5), NOW)).toBe('open');
    const interrupted = judged(failed(4), 9, 'ok', NOW);
    expect(breakerState(failed(4, interrupted), NOW)).toBe('closed');
  });

  it.each(['failed', 'timeout', 'overloaded'] as const)('counts %s', (result) => {
    expect(breakerState(judged(failed(4), 9, result, NOW), NOW)).toBe('open');
  });

  it('opens at once when there was nobody to connect to, and again after a probe like that', () => {
    const open = judged(CLOSED_BREAKER, 1, 'unreachable', NOW);
    expect(breakerState(open, NOW)).toBe('open');
    const again = judged(begun(open, 2), 2, 'unreachable', NOW + 500);
    expect([breakerState(again, NOW + 1_499), breakerState(again, NOW + 1_500)]).toEqual([
      'open',
      'half-open',
    ]);
  });

  it('lets nothing through while it is open, then one call at a time', () => {
    const open = failed(5);
    expect(lets(open, NOW + 499)).toBe(false);
    expect(lets(open, NOW + 500)).toBe(true);
    expect(breakerState(open, NOW + 500)).toBe('half-open');
    expect(lets(begun(open, 8), NOW + 9_999)).toBe(false);
  });

  it('closes with the first answer, of a call from before as well', () => {
    expect(probed(failed(5), NOW + 500, 'ok')).toEqual(CLOSED_BREAKER);
    expect(judged(failed(5), 1, 'ok', NOW + 1)).toEqual(CLOSED_BREAKER);
  });

  it('waits twice as long after each probe that failed, up to four seconds', () => {
    let breaker = failed(5);
    let at = NOW;
    for (const pauseMs of [500, 1_000, 2_000, 4_000, 4_000]) {
      expect(lets(breaker, at + pauseMs - 1)).toBe(false);
      at += pauseMs;
      breaker = probed(breaker, at, 'failed');
    }
    expect(probed(breaker, at + 4_000, 'ok')).toEqual(CLOSED_BREAKER);
  });

  it('learns nothing from the failures of calls that began before it opened', () => {
    const open = failed(5);
    expect(judged(open, 2, 'timeout', NOW + 400)).toEqual(open);
  });

  it('lets another probe begin when one came to nothing', () => {
    const probing = begun(failed(5), 8);
    expect(lets(withoutProbe(probing, 7), NOW + 600)).toBe(false);
    expect(lets(withoutProbe(probing, 8), NOW + 600)).toBe(true);
  });
});
