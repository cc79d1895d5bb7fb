import { describe, expect, it } from 'vitest';
import type { OpenEngine } from '../support.ts';
import { NOW } from '../support.ts';
import { LEASE_MS, nameOf, Pool } from './pool.ts';

export function leasesContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} work queue: leases`, () => {
    it('B6 never gives more leases than the limit', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 2);
      await pool.add('a1', 'b1', 'c1');
      const lease = await pool.mustClaim();
      await pool.mustClaim();
      expect(await pool.claim()).toBeUndefined();
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 1, leased: 2, limit: 2 });
      await pool.queue.setCeiling(1, 1);
      await pool.done(lease);
      expect(await pool.claim()).toBeUndefined();
      await pool.queue.setCeiling(2, 2);
      expect(nameOf(await pool.mustClaim())).toBe('c1');
    });

    it('B6 starts nothing while the limit is 0', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 0);
      await pool.add('a1');
      expect(await pool.claim()).toBeUndefined();
    });

    it('counter-example 8: one object has one lease', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 5);
      await pool.add('a1');
      await pool.mustClaim();
      await pool.add('a1');
      expect(await pool.claim()).toBeUndefined();
    });

    it('L5 answers a claim that is sent twice with the same lease', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 5);
      await pool.add('a1', 'b1');
      const lease = await pool.claim(NOW, 'once');
      expect(await pool.claim(NOW, 'once')).toEqual(lease);
      expect(await pool.queue.load(NOW)).toMatchObject({ leased: 1 });
    });

    it('B6 gives several leases at once, in turn and within the limit', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 3);
      await pool.add('a1', 'a2', 'b1', 'c1');
      const names = async (most: number) => (await pool.claimSome(most)).leases.map(nameOf);
      expect(await names(0)).toEqual([]);
      expect(await names(2)).toEqual(['a1', 'b1']);
      expect(await names(2)).toEqual(['c1']);
      expect(await names(2)).toEqual([]);
    });

    it('L5 answers a claim of several that is sent twice with the same leases', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 5);
      await pool.add('a1', 'b1', 'c1');
      const { leases } = await pool.claimSome(2, NOW, 'once');
      expect(new Set(leases.map(({ fence }) => fence)).size).toBe(2);
      expect((await pool.claimSome(2, NOW, 'once')).leases).toEqual(leases);
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 1, leased: 2 });
    });

    it('claims what has run out in the same step', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 2);
      await pool.add('a1', 'b1');
      await pool.claimSome(2);
      await pool.add('c1');
      const { leases, dueAt } = await pool.claimSome(2, NOW + LEASE_MS);
      expect(leases.map(nameOf)).toEqual(['c1', 'a1']);
      expect(leases.map(({ attempts }) => attempts)).toEqual([0, 1]);
      expect(dueAt).toBe(NOW + 2 * LEASE_MS);
    });

    it('counter-example 10: fences rise, and never below the time', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 5);
      await pool.add('a1', 'b1', 'c1');
      const fences: number[] = [];
      for (let n = 0; n < 3; n += 1) fences.push((await pool.mustClaim()).fence);
      expect(fences).toEqual(fences.toSorted((a, b) => a - b));
      expect(new Set(fences).size).toBe(3);
      // The engine's clock decides, which may differ a little from the suite's.
      expect(fences[0]).toBeGreaterThan((NOW - 60_000) * 1000);
    });

    it('counter-example 8: a release ends only the lease that it names', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      const old = await pool.mustClaim();
      const young = await pool.mustClaim(NOW + LEASE_MS + 60_000);
      await pool.done(old);
      await pool.done(old, true);
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 0, leased: 1 });
      expect(await pool.queue.renew(old, LEASE_MS, NOW)).toBe(false);
      await pool.done(young);
      await pool.done(young);
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 0, leased: 0 });
    });

    it('counter-example 7: a lease that runs out is offered again at the tail', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2');
      const lease = await pool.mustClaim();
      const end = NOW + LEASE_MS;
      expect(await pool.look(NOW + 1)).toBe(end);
      expect(await pool.leased()).toBe(1);
      expect(await pool.look(end)).toBeUndefined();
      expect(await pool.leased()).toBe(0);
      expect(nameOf(await pool.mustClaim(end))).toBe('a2');
      await pool.queue.setCeiling(2, 2);
      const again = await pool.mustClaim(end);
      expect(nameOf(again)).toBe('a1');
      expect(again.fence).toBeGreaterThan(lease.fence);
      expect(again.attempts).toBe(1);
    });

    it('L6 keeps a lease that is renewed', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      const lease = await pool.mustClaim();
      expect(await pool.queue.renew(lease, LEASE_MS, NOW + 5_000)).toBe(true);
      await pool.look(NOW + LEASE_MS + 1);
      expect(await pool.leased()).toBe(1);
      await pool.look(NOW + LEASE_MS + 5_000);
      expect(await pool.leased()).toBe(0);
    });

    it('gives a claim whose lease ran out a new one', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      const lease = await pool.claim(NOW, 'once');
      const again = await pool.claim(NOW + LEASE_MS, 'once');
      expect(again?.fence).toBeGreaterThan(lease?.fence ?? Number.POSITIVE_INFINITY);
    });
  });
}
