import { describe, expect, it } from 'vitest';
import type { OpenEngine } from '../support.ts';
import { NOW } from '../support.ts';
import { LEASE_MS, Pool } from './pool.ts';

export function retriesContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} work queue: retries`, () => {
    it('B5 holds a retry back until its time, and then behind what nobody has tried', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', pool.prepare('a', 'cat'));
      await pool.done(await pool.mustClaim(), true, NOW + 60_000);
      await pool.add('b1');
      expect(await pool.drain(NOW + 59_999)).toEqual(['b1', 'prepare']);
      await pool.add('b2', pool.prepare('a', 'cat'));
      expect(await pool.drain(NOW + 60_000)).toEqual(['b2', 'a1', 'prepare']);
    });

    it('B5 counts failed attempts until one has succeeded', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.callTimes(20);
      await pool.add('a1');
      const attempts: number[] = [];
      for (const retryAt of [NOW, NOW, undefined]) {
        const lease = await pool.mustClaim();
        attempts.push(lease.attempts);
        await pool.done(lease, retryAt !== undefined, retryAt);
      }
      await pool.add('a1');
      const fresh = await pool.mustClaim();
      await pool.done(fresh, true);
      attempts.push(fresh.attempts, (await pool.mustClaim()).attempts);
      expect(attempts).toEqual([0, 1, 2, 0, 0]);
    });

    it('A13 merges into a retry that waits', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      await pool.done(await pool.mustClaim(), true, NOW + 60_000);
      expect(await pool.add('a1')).toEqual([{ state: 'merged', position: 0 }]);
      expect(await pool.claim()).toBeUndefined();
    });

    it('tells when the next retry or the end of a lease is due', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 2);
      expect(await pool.look()).toBeUndefined();
      await pool.add('a1', 'b1');
      await pool.done(await pool.mustClaim(), true, NOW + 3_600_000);
      expect(await pool.look()).toBe(NOW + 3_600_000);
      const lease = await pool.mustClaim();
      expect(await pool.look()).toBe(NOW + LEASE_MS);
      await pool.done(lease);
      expect(await pool.look()).toBe(NOW + 3_600_000);
    });
  });
}
