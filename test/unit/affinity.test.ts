import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankServers, serverNamed } from '../../src/core/affinity.ts';
import { serverId } from '../../src/core/ids.ts';

const fleet = (size: number) =>
  Array.from({ length: size }, (_, n) => serverNamed(`http://10.0.0.${n}:9000`));
const images = Array.from(
  { length: 3_000 },
  (_, n) => `sha256-${n.toString(16).padStart(64, '0')}`,
);

const servers = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9]{1,12}$/), { minLength: 1, maxLength: 8 })
  .map((names) => names.map(serverId));

describe('the servers of an image', () => {
  it('are all servers, in an order that does not depend on the one they are listed in', () => {
    fc.assert(
      fc.property(fc.string(), servers, (image, list) => {
        const ranked = rankServers(image, list);
        expect(ranked.toSorted()).toEqual(list.toSorted());
        expect(rankServers(image, list.toReversed())).toEqual(ranked);
      }),
    );
  });

  it('stay in their order when one leaves or comes: only its own images move', () => {
    fc.assert(
      fc.property(fc.string(), servers, fc.nat(), (image, list, n) => {
        const left = list[n % list.length];
        const rest = list.filter((server) => server !== left);
        const ranked = rankServers(image, list);
        expect(rankServers(image, rest)).toEqual(ranked.filter((server) => server !== left));
      }),
    );
  });

  it.each([2, 3, 5])('share all images evenly: %i', (size) => {
    const list = fleet(size);
    const firsts = images.map((image) => rankServers(image, list)[0]);
    for (const server of list) {
      const share = firsts.filter((first) => first === server).length / images.length;
      expect(share * size).toBeGreaterThan(0.85);
      expect(share * size).toBeLessThan(1.15);
    }
  });

  it('take over evenly from one that leaves', () => {
    const [left, ...rest] = fleet(4);
    const orphans = images.filter(
      (image) => rankServers(image, [...rest, ...fleet(1)])[0] === left,
    );
    for (const server of rest) {
      const heir = orphans.filter((image) => rankServers(image, rest)[0] === server).length;
      expect((heir / orphans.length) * rest.length).toBeGreaterThan(0.8);
    }
  });

  it('have names that tell nothing of where they are', () => {
    expect(serverNamed('http://10.0.0.1:9000')).toMatch(/^[0-9a-f]{12}$/);
    expect(new Set(fleet(100)).size).toBe(100);
  });
});
