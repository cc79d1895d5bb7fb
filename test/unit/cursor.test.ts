import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCursor, parseCursor, resetReason } from '../../src/core/cursor.ts';

const number = fc.oneof(fc.nat(), fc.maxSafeNat());
const positions = fc.record({ epoch: number, sequence: number }, { noNullPrototype: true });

describe('cursors', () => {
  it('reads back every position that it writes', () => {
    fc.assert(
      fc.property(positions, (position) => {
        expect(parseCursor(formatCursor(position))).toEqual(position);
      }),
    );
  });

  it('reads no text that it could not have written', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9 +.eE-]{0,20}$/));
    fc.assert(
      fc.property(texts, (text) => {
        const position = parseCursor(text);
        if (position !== undefined) expect(formatCursor(position)).toBe(text);
        expect(position === undefined || Number.isSafeInteger(position.sequence)).toBe(true);
      }),
    );
  });

  it.each([
    '',
    '-',
    '1',
    '1-',
    '-1',
    '01-1',
    '1-01',
    '1--1',
    ' 1-1',
    '1-1\n',
    '1-1-1',
    '1.0-1',
    '1e3-1',
    '٣-١',
    '9007199254740992-1',
    '1-9007199254740992',
    'start',
  ])('reads no position from %j', (text) => {
    expect(parseCursor(text)).toBeUndefined();
  });
});

describe('A24 whether a log can be read on', () => {
  const extent = { epoch: 5, first: 11, last: 20 };

  it.each([
    ['the last kept', 5, 20, undefined],
    ['in the middle', 5, 15, undefined],
    ['just before the oldest, which has missed nothing', 5, 10, undefined],
    ['one earlier', 5, 9, 'history_trimmed'],
    ['the very start', 5, 0, 'history_trimmed'],
    ['ahead of the log', 5, 21, 'cursor_ahead'],
    ['an older epoch', 4, 15, 'epoch_changed'],
    ['a younger epoch', 6, 15, 'epoch_changed'],
  ] as const)('from %s', (_, epoch, sequence, reason) => {
    expect(resetReason({ epoch, sequence }, extent)).toBe(reason);
  });

  it('goes on at the start of a log from which nothing was trimmed', () => {
    const whole = { epoch: 5, first: 1, last: 3 };
    expect(resetReason({ epoch: 5, sequence: 0 }, whole)).toBeUndefined();
    expect(resetReason({ epoch: 5, sequence: 0 }, { ...whole, last: 0 })).toBeUndefined();
  });

  it('goes on exactly when every later entry is kept', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(60), (trimmed, kept, sequence) => {
        const log = { epoch: 1, first: trimmed + 1, last: trimmed + kept };
        const complete = sequence >= trimmed && sequence <= log.last;
        expect(resetReason({ epoch: 1, sequence }, log) === undefined).toBe(complete);
      }),
    );
  });
});
