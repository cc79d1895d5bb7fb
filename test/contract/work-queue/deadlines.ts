import { describe, expect, it } from 'vitest';
import type { OpenEngine } from '../support.ts';
import { NOW } from '../support.ts';
import { nameOf, Pool } from './pool.ts';

export function deadlinesContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} work queue: deadlines`, () => {
    it('hands out what waits in vain although every place is taken', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      const enqueue = (name: string, deadlineAt: number) =>
        pool.queue.enqueue(pool.token(name), { now: NOW, deadlineAt });
      await enqueue('a1', NOW + 3_000);
      expect(await pool.mustClaim()).toMatchObject({ overdue: false, deadlineAt: NOW + 3_000 });
      await enqueue('b1', NOW + 4_000);
      await enqueue('b1', NOW + 2_000);
      await enqueue('c1', NOW + 1_000);
      expect(await pool.look()).toBe(NOW + 1_000);
      expect(await pool.claim(NOW + 999)).toBeUndefined();
      const overdue = await pool.mustClaim(NOW + 1_000);
      expect([nameOf(overdue), overdue.overdue]).toEqual(['c1', true]);
      await pool.done(overdue);
      expect(await pool.claim(NOW + 3_999)).toBeUndefined();
      expect((await pool.mustClaim(NOW + 4_000)).overdue).toBe(true);
    });

    it('begins no call that would end too late', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 3);
      await pool.callTimes(20);
      await pool.add('z1');
      await pool.mustClaim();
      await pool.queue.enqueue(pool.token('a1'), { now: NOW, deadlineAt: NOW + 499 });
      await pool.queue.enqueue(pool.token('b1'), { now: NOW, deadlineAt: NOW + 500 });
      expect((await pool.mustClaim()).overdue).toBe(true);
      expect((await pool.mustClaim()).overdue).toBe(false);
    });

    it('begins one while nothing else is under way when a second is left, to see how long calls take', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.callTimes(20, 4_000);
      await pool.queue.enqueue(pool.token('a1'), { now: NOW, deadlineAt: NOW + 999 });
      await pool.queue.enqueue(pool.token('b1'), { now: NOW, deadlineAt: NOW + 1_000 });
      const overdue = await pool.mustClaim();
      expect([nameOf(overdue), overdue.overdue]).toEqual(['a1', true]);
      await pool.done(overdue);
      expect((await pool.mustClaim()).overdue).toBe(false);
    });

    it('offers again until a later deadline what turned out to be newer', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.queue.enqueue(pool.token('a1'), { now: NOW, deadlineAt: NOW });
      const lease = await pool.mustClaim();
      expect(lease.overdue).toBe(true);
      await pool.queue.release(lease, { dirty: true, deadlineAt: NOW + 5_000, now: NOW });
      expect(await pool.mustClaim()).toMatchObject({ overdue: false, deadlineAt: NOW + 5_000 });
    });
  });
}
