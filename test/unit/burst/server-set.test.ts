import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withCeiling } from '../../../src/core/burst/server-control.ts';
import { ServerSet } from '../../../src/core/burst/server-set.ts';
import type { ServerId } from '../../../src/core/ids.ts';
import { serverId } from '../../../src/core/ids.ts';

const NOW = 1_000_000;
const ALL = ['a', 'b', 'c', 'd'].map(serverId);
const [A, B, C] = ALL as [ServerId, ServerId, ServerId];

interface Given {
  readonly ceiling: number;
  readonly inFlight?: number;
  readonly isDown?: boolean;
}

/** Servers a, b, c … with so many calls each. */
function setOf(...given: readonly Given[]): ServerSet {
  const calls = new Map(given.map(({ inFlight = 0 }, n) => [ALL[n], inFlight]));
  const all = [...calls.values()].reduce((sum, each) => sum + each, 0);
  const set = new ServerSet(0, (server) => (server ? (calls.get(server) ?? 0) : all));
  set.use(ALL.slice(0, given.length));
  for (const [n, { ceiling, isDown }] of given.entries()) {
    const name = ALL[n] ?? A;
    const control = withCeiling(set.get(name).control, ceiling, ceiling);
    const breaker = isDown ? { ...control.breaker, openedAt: NOW } : control.breaker;
    set.set(name, { control: { ...control, breaker } });
  }
  return set;
}

const given = fc.record({
  ceiling: fc.integer({ min: 0, max: 8 }),
  inFlight: fc.nat(8),
  isDown: fc.boolean(),
});

describe('the choice of a server', () => {
  it('B6 is the first of the image that has room', () => {
    const set = setOf({ ceiling: 4 }, { ceiling: 4 }, { ceiling: 4 });
    expect(set.choose({ rank: [C, A, B] }, NOW)).toBe(C);
    expect(set.choose({ rank: [B, C, A] }, NOW)).toBe(B);
    expect(set.choose({}, NOW)).toBe(A);
  });

  it('B6 is the next one when the first has more than 1.25 times its share', () => {
    // The third call of three: a share of 1, so that two are the most.
    const two = setOf({ ceiling: 4, inFlight: 2 }, { ceiling: 4 }, { ceiling: 4 });
    expect(two.choose({ rank: [A, B, C] }, NOW)).toBe(B);
    const one = setOf({ ceiling: 4, inFlight: 1 }, { ceiling: 4, inFlight: 1 }, { ceiling: 4 });
    expect(one.choose({ rank: [A, B, C] }, NOW)).toBe(A);
  });

  it('B6 knows shares by what each server can do', () => {
    const set = setOf({ ceiling: 8, inFlight: 6 }, { ceiling: 2, inFlight: 1 });
    expect(set.choose({ rank: [A, B] }, NOW)).toBe(A);
    expect(set.choose({ rank: [B, A] }, NOW)).toBe(B);
  });

  it('B6 some server has room while there are fewer calls than places', () => {
    fc.assert(
      fc.property(fc.array(given, { minLength: 1, maxLength: 4 }), (servers) => {
        const up = servers.filter(({ ceiling, isDown }) => ceiling > 0 && !isDown);
        const calls = up.reduce((sum, { inFlight }) => sum + inFlight, 0);
        const places = up.reduce((sum, { ceiling }) => sum + ceiling, 0);
        const set = setOf(...servers);
        if (calls < places) expect(set.choose({}, NOW)).toBeDefined();
        const chosen = set.choose({}, NOW);
        const { ceiling, inFlight, isDown } = servers[ALL.indexOf(chosen ?? A)] as Required<Given>;
        if (chosen !== undefined) expect([inFlight < ceiling, isDown]).toEqual([true, false]);
      }),
    );
  });

  it('B6 no more than the most in all', () => {
    const set = setOf({ ceiling: 4, inFlight: 2 }, { ceiling: 4, inFlight: 1 });
    set.use([A, B], 3);
    expect(set.choose({}, NOW)).toBeUndefined();
    expect(set.ceiling).toBe(3);
  });

  it('B5 is not one that is left alone, unless it is time for a probe', () => {
    const set = setOf({ ceiling: 4, isDown: true }, { ceiling: 4 });
    expect(set.choose({ rank: [A, B] }, NOW)).toBe(B);
    expect(set.choose({ rank: [A, B] }, NOW + 500)).toBe(A);
    expect(set.choose({ rank: [B, A] }, NOW + 500)).toBe(B);
  });

  it('B5 is the one where the last attempt has failed only when no other has room', () => {
    const set = setOf({ ceiling: 4 }, { ceiling: 4 });
    expect(set.choose({ rank: [A, B], avoid: A }, NOW)).toBe(B);
    const full = setOf({ ceiling: 4 }, { ceiling: 1, inFlight: 1 });
    expect(full.choose({ rank: [A, B], avoid: A }, NOW)).toBe(A);
  });

  it('B2 is no other one for what only one may have, as long as that is there', () => {
    const set = setOf({ ceiling: 1, inFlight: 1 }, { ceiling: 4 });
    expect(set.choose({ only: A }, NOW)).toBeUndefined();
    const without = setOf({ ceiling: 1, isDown: true }, { ceiling: 4 });
    expect(without.choose({ only: A }, NOW)).toBe(B);
  });

  it('B1 one that has never said what it can do is down; the others are what there is', () => {
    const set = setOf({ ceiling: 0 }, { ceiling: 3 });
    expect(set.healths(NOW)).toEqual(['down', 'ok']);
    expect(set.together.places).toBe(3);
  });
});
