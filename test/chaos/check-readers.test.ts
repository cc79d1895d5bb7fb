import { describe, expect, test } from 'vitest';
import type { AnyEnvelope, Seen } from './history.ts';
import {
  accepted,
  from,
  heartbeat,
  inOther,
  kindsOf,
  LOG,
  opened,
  read,
  reset,
  sent,
  session,
  snapshot,
  start,
} from './made-histories.ts';
import type { ViolationKind } from './verdict.ts';

describe('what a reader must not see', () => {
  const [one, two, three, four, five] = read(...LOG) as [Seen, Seen, Seen, Seen, Seen];

  test.each<[string, readonly Seen[], readonly ViolationKind[]]>([
    ['a hole', [start, one, three, four, five], ['lost']],
    ['a hole after coming back', [start, one, two, from('1-2'), four, five], ['lost']],
    ['a beginning that is missing', [start, two, three, four, five], ['lost']],
    ['a repeat', [start, one, two, from('1-2'), two, three, four, five], ['repeated']],
    ['another order', [start, one, three, two, four, five], ['lost', 'reordered', 'lost']],
    ['a heartbeat ahead', [start, one, heartbeat('1-2'), two, three, four, five], ['lost']],
    ['a snapshot that nobody announced', [start, one, two, snapshot('1-4', 2), five], ['lost']],
    ['no snapshot after a reset', [start, one, reset, two, three, four, five], ['lost']],
    [
      'a snapshot of before',
      [start, one, two, three, reset, snapshot('1-2', 1), three, four, five],
      ['reordered'],
    ],
    ['an end too early', [start, one, two], ['unsettled']],
    ['nothing', [], ['unsettled']],
    [
      'a snapshot that is no cut of the log',
      [start, one, two, reset, snapshot('1-3', 2), four, five],
      ['forked cursor'],
    ],
  ])('%s', (_, seen, kinds) => {
    expect(kindsOf([session({}, seen)])).toEqual(kinds);
  });

  test('an epoch that changes silently', () => {
    const log = [opened, ...LOG.slice(1)].map(
      (each) => ({ ...each, eventId: `9-${each.sequence}` }) as AnyEnvelope,
    );
    const clicks = [sent('a', 1, '9-2'), sent('b', 2, '9-4')];
    const seen = [start, one, from('1-1'), ...read(...log.slice(1))];
    expect(kindsOf([session({ log, clicks }, seen)])).toContain('lost');
  });

  test('two values at one cursor', () => {
    const other = accepted(2, 'b', 1);
    const seen = [start, one, ...read(other), three, four, five];
    expect(kindsOf([session({}, seen)])).toContain('forked cursor');
  });

  test('an event that calls itself otherwise', () => {
    const seen = [start, one, { ...two, id: '1-2', event: { ...LOG[1], sequence: 3 } } as Seen];
    expect(kindsOf([session({}, [...seen, three, four, five])])).toContain('forked cursor');
  });

  test('an event of another session', () => {
    const log = LOG.with(1, inOther(accepted(2, 'a', 1)));
    expect(kindsOf([session({ log })])).toContain('cross-session');
  });
});
