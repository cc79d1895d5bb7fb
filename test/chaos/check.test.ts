import { describe, expect, test } from 'vitest';
import { checkRun } from './check.ts';
import type { Seen } from './history.ts';
import {
  accepted,
  CLICKS,
  completed,
  from,
  heartbeat,
  kindsOf,
  LOG,
  pointAt,
  read,
  reset,
  sent,
  session,
  snapshot,
  start,
} from './made-histories.ts';

describe('histories that are allowed', () => {
  test('clicks that end once, read in order', () => {
    expect(kindsOf([session()])).toEqual([]);
    const run = { sessions: [session()], ceiling: 1, mostOpenCalls: 1, callsAbove: [] };
    expect(checkRun({ ...run, badAnswers: [], unsettled: [] }).masksCompared).toBe(2);
  });

  test('a reader that leaves, comes back, and forgets where it was', () => {
    const [one, two, three, four, five] = read(...LOG) as [Seen, Seen, Seen, Seen, Seen];
    const seen = [
      ...[start, one, two, heartbeat('1-2'), from('1-2'), three],
      ...[{ kind: 'connected', from: undefined } as const, snapshot('1-4', 2), five],
    ];
    expect(kindsOf([session({}, seen)])).toEqual([]);
    expect(kindsOf([session({}, [start, one, two, from('1-2'), three, four, five])])).toEqual([]);
  });

  test('a log that was made anew, announced; what only a snapshot tells of the epoch before', () => {
    const log = [completed(1, 2, ['b'], undefined, 9), accepted(2, 'c', 3, 9)];
    log.push(completed(3, 3, ['c'], undefined, 9));
    const seen = [start, ...read(...LOG.slice(0, 2)), from('1-2'), reset, snapshot('9-0', 2)];
    const clicks = [...CLICKS, sent('c', 3, '9-2')];
    const statuses = new Map(['a', 'b', 'c'].map((name) => [`clk_${name}`, 'completed'] as const));
    const change = { log, clicks, statuses };
    expect(kindsOf([session(change, [...seen, ...read(...log)])])).toEqual([]);
    const wrong = log.with(2, completed(3, 3, ['c'], { points: [pointAt(9)] }, 9));
    const other = { ...change, log: wrong };
    expect(kindsOf([session(other, [...seen, ...read(...wrong)])])).toEqual(['wrong mask']);
  });

  test('a click with an unknown outcome that was accepted, and one that was not', () => {
    const unknown = CLICKS.map((click) => ({ ...click, answers: [] }));
    const more = { ...sent('c', 3, '1-9'), answers: [] };
    expect(kindsOf([session({ clicks: [...unknown, more] })])).toEqual([]);
  });
});

describe('masks and the run as a whole', () => {
  test('a revision that goes down, or comes twice', () => {
    const down = [...LOG, completed(6, 1, [])];
    expect(kindsOf([session({ log: down })])).toEqual(['revision went down']);
    const twice = [...LOG, completed(6, 2, [])];
    expect(kindsOf([session({ log: twice })])).toEqual(['revision went down']);
  });

  test('the mask of another prompt', () => {
    const log = LOG.with(4, completed(5, 2, ['b'], { points: [pointAt(1)] }));
    expect(kindsOf([session({ log })])).toEqual(['wrong mask']);
  });

  test('a hole in the log itself', () => {
    const log = LOG.toSpliced(2, 1);
    expect(kindsOf([session({ log }, [start, ...read(...LOG)])])).toContain('lost');
  });

  test('calls above the ceiling, bad answers, and what did not come to rest', () => {
    const change = { mostOpenCalls: 5, badAnswers: ['500'], unsettled: ['still'] };
    expect(kindsOf([session()], change)).toEqual([
      'calls above the ceiling',
      'bad answer',
      'unsettled',
    ]);
  });
});
