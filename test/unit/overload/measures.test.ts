import { describe, expect, test } from 'vitest';
import { Ledger, recordsOf } from '../../bench/overload/load/ledger.ts';
import {
  answeredShare,
  etaErrors,
  firstGoodWindow,
  goodput,
  jainIndex,
  maskLatencies,
  masksBySession,
  recoveryMs,
  wastedShare,
} from '../../bench/overload/measures.ts';
import { quantile } from '../../bench/support/figures.ts';

const ALL = { fromMs: 0, untilMs: 10_000 };

/** Masks of object 0, each with its newest click and when it came. */
function masks(...pairs: readonly (readonly [newestAtMs: number, atMs: number])[]) {
  return pairs.map(([newestAtMs, atMs]) => ({ object: 0, newestAtMs, atMs }));
}

describe('goodput', () => {
  test('counts the masks that came within three seconds of the newest click that they cover', () => {
    const came = masks([0, 500], [1_000, 4_000], [1_000, 4_001], [9_000, 9_500]);
    expect(goodput(came, ALL, 1)).toBeCloseTo(0.3);
    expect(goodput(came, { fromMs: 0, untilMs: 1_000 }, 8)).toBeCloseTo(1 / 8);
  });

  test('is missed by the work that brought no mask in time', () => {
    const came = masks([0, 500], [0, 4_000], [1_000, 1_500]);
    expect(wastedShare(4, came, ALL)).toBeCloseTo(0.5);
    expect(wastedShare(2, came, ALL)).toBe(0);
    expect(wastedShare(0, [], ALL)).toBeNaN();
  });

  test('is found again after a time without', () => {
    const came = Array.from({ length: 60 }, (_, index) => {
      const atMs = 4_000 + index * 100;
      return { object: 0, newestAtMs: atMs - 500, atMs };
    });
    const good = { callsPerSecond: 10, windowMs: 2_000, least: 0.95 };
    expect(firstGoodWindow(came, ALL, good)).toBe(4_000);
    expect(firstGoodWindow(came, ALL, { ...good, callsPerSecond: 20 })).toBeUndefined();
  });
});

describe('fairness', () => {
  test('is 1 when all have the same and 1/n when one has everything', () => {
    expect(jainIndex([7, 7, 7])).toBe(1);
    expect(jainIndex([9, 0, 0])).toBeCloseTo(1 / 3);
    expect(jainIndex([4, 2])).toBeCloseTo(36 / 40);
    expect(jainIndex([0, 0])).toBeNaN();
  });

  test('counts the masks in time of each session, and of no other', () => {
    const came = [0, 9, 10, 10, 25, 30].map((object) => ({ object, newestAtMs: 0, atMs: 100 }));
    const late = { object: 0, newestAtMs: 0, atMs: 3_001 };
    expect(masksBySession([...came, late], ALL, 3, 10)).toEqual([2, 2, 1]);
  });
});

describe('quantiles', () => {
  test('are values that were measured', () => {
    const values = [5, 1, 4, 2, 3];
    expect(quantile(values, 0.5)).toBe(3);
    expect(quantile(values, 0.99)).toBe(5);
    expect(quantile(values, 0)).toBe(1);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('of waits count from the newest click that a mask covers', () => {
    expect(maskLatencies(masks([1_000, 1_600], [2_000, 2_400]), ALL)).toEqual([600, 400]);
  });
});

describe('the ledger of a run', () => {
  test('ends each click once, and a mask counts from its newest click', () => {
    const ledger = new Ledger();
    const first = ledger.made(3, 100, false);
    const second = ledger.made(3, 300, true);
    const refused = ledger.made(4, 400, true);
    ledger.ended(refused, 'refused', 401);
    ledger.masked(ledger.upTo(second), 900);
    ledger.masked([first], 1_200);
    ledger.ended(first, 'failed', 1_300);
    expect(first).toMatchObject({ index: 0, end: 'masked', endedAtMs: 900 });
    expect(second).toMatchObject({ index: 1, end: 'masked', endedAtMs: 900 });
    expect(ledger.masks.map(({ newestAtMs }) => newestAtMs)).toEqual([300, 100]);
    expect(ledger.pending).toBe(0);
    expect(recordsOf(ledger, (object) => object === 4).clicks).toEqual([refused]);
  });

  test('tells how many clicks were answered in time, and when the last was not', () => {
    const ledger = new Ledger();
    for (const [atMs, answerMs] of [
      [0, 500],
      [1_000, 3_500],
      [2_000, 400],
      [5_000, 3_000],
    ] as const) {
      ledger.masked([ledger.made(atMs, atMs, true)], atMs + answerMs);
    }
    ledger.made(9, 3_000, true);
    expect(answeredShare(ledger.clicks, ALL)).toBeCloseTo(3 / 5);
    expect(recoveryMs(ledger.clicks, ALL)).toBe(3_000);
    expect(recoveryMs(ledger.clicks, { fromMs: 4_000, untilMs: 9_000 })).toBe(0);
  });

  test('compares what was predicted with what it took', () => {
    const ledger = new Ledger();
    const click = ledger.made(0, 0, true);
    click.eta = { atMs: 10, etaMs: 600 };
    ledger.masked([click], 510);
    const refused = ledger.made(1, 0, true);
    ledger.ended(refused, 'refused', 5);
    expect(etaErrors(ledger.clicks, ALL)).toEqual([100]);
  });
});
