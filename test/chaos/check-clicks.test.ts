import { describe, expect, test } from 'vitest';
import { clickId } from '../../src/core/ids.ts';
import {
  accepted,
  CLICKS,
  completed,
  event,
  from,
  ids,
  inOther,
  kindsOf,
  LOG,
  opened,
  pointAt,
  read,
  reset,
  sent,
  session,
  snapshot,
  start,
} from './made-histories.ts';

describe('what must not become of a click', () => {
  test('acknowledged and in no log', () => {
    const more = [...CLICKS, sent('c', 3, '1-6')];
    expect(kindsOf([session({ clicks: more })])).toContain('lost');
  });

  test('acknowledged in an epoch that is over, and unknown to the session', () => {
    const log = [event(1, 'object.updated', { ...ids, revision: 2 }, 9)];
    const seen = [start, ...read(...LOG), from('1-5'), reset, snapshot('9-0', 2), ...read(...log)];
    const clicks = [...CLICKS, sent('c', 3, '1-6')];
    expect(kindsOf([session({ log, clicks }, seen)])).toContain('lost');
  });

  test('without an end', () => {
    const log = LOG.slice(0, 4);
    expect(kindsOf([session({ log })])).toEqual(['not ended']);
  });

  test('said to be running when all is at rest', () => {
    const statuses = new Map([['clk_a', 'running'] as const, ['clk_b', 'completed'] as const]);
    expect(kindsOf([session({ statuses })])).toEqual(['not ended']);
  });

  test('ended twice', () => {
    const log = LOG.with(4, completed(5, 2, ['a', 'b']));
    expect(kindsOf([session({ log })])).toEqual(['ended twice']);
    const cancel = { clickId: clickId('clk_a'), objectId: ids.objectId, reason: 'undone' } as const;
    const undone = [...LOG, event(6, 'click.cancelled', cancel)];
    expect(kindsOf([session({ log: undone })])).toEqual(['ended twice']);
  });

  test('ended before it was accepted', () => {
    const log = [opened, completed(2, 1, ['a']), accepted(3, 'a', 1), ...LOG.slice(3)];
    const clicks = [sent('a', 1, '1-3'), sent('b', 2, '1-4')];
    expect(kindsOf([session({ log, clicks })])).toContain('reordered');
  });

  test('accepted twice', () => {
    const log = [...LOG, accepted(6, 'b', 3), completed(7, 3, [])];
    expect(kindsOf([session({ log })])).toContain('repeated');
  });

  test('answered with two ids', () => {
    const [first] = CLICKS[1]?.answers ?? [];
    const answers = first === undefined ? [] : [first, { ...first, clickId: 'clk_other' }];
    const clicks = [sent('a', 1, '1-2'), { ...sent('b', 2, '1-4'), answers }];
    expect(kindsOf([session({ clicks })])).toEqual(['repeated']);
  });

  test('in another place than its 202 said', () => {
    expect(kindsOf([session({ clicks: [sent('a', 1, '1-2'), sent('b', 2, '1-9')] })])).toEqual([
      'forked cursor',
    ]);
  });

  test('never sent, or refused, or of other content', () => {
    expect(kindsOf([session({ clicks: CLICKS.slice(0, 1) })])).toEqual(['unexpected']);
    const refused = { ...sent('b', 2, '1-4'), answers: [], refusedWith: 'overloaded' };
    expect(kindsOf([session({ clicks: [sent('a', 1, '1-2'), refused] })])).toEqual(['unexpected']);
    const other = { ...sent('b', 2, '1-4'), points: [pointAt(40)] };
    expect(kindsOf([session({ clicks: [sent('a', 1, '1-2'), other] })])).toEqual(['unexpected']);
  });

  test('ended and never accepted', () => {
    const log = LOG.with(4, completed(5, 2, ['b', 'x']));
    expect(kindsOf([session({ log })])).toEqual(['unexpected']);
  });

  test('sent to another session', () => {
    const other = { ...session({ clicks: [] }), sessionId: 'ses_other' };
    const log = other.log.map(inOther);
    const readers = [{ name: 'reader', seen: [start, ...read(...log)] }];
    const found = kindsOf([session(), { ...other, log, readers }]);
    expect(new Set(found)).toEqual(new Set(['cross-session']));
  });
});
