import { describe, expect, it } from 'vitest';
import type { Lease } from '../../../src/ports/work-queue.ts';
import type { OpenEngine } from '../support.ts';
import { NOW, within } from '../support.ts';
import { LEASE_MS, Pool } from './pool.ts';

export function doorbellContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} work queue: doorbell`, () => {
    const causes: Record<string, (pool: Pool, lease: Lease) => Promise<unknown>> = {
      'something is enqueued': (pool) => pool.add('z1'),
      'a lease is released': (pool, lease) => pool.done(lease),
      'a lease has run out': (pool) => pool.look(NOW + LEASE_MS),
      'the limit is raised': (pool) => pool.queue.setCeiling(5, 5),
    };

    it.each(Object.keys(causes))('rings when %s', async (cause) => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2');
      const lease = await pool.mustClaim();
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = pool.queue.onAvailable(resolve);
      await causes[cause]?.(pool, lease);
      await expect(within(`the bell, because ${cause}`, promise)).resolves.toBeUndefined();
      end();
    });

    it('does not ring for who has left, and is not harmed by who throws', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      let rung = 0;
      const end = pool.queue.onAvailable(() => {
        rung += 1;
      });
      end();
      const { promise, resolve } = Promise.withResolvers<void>();
      pool.queue.onAvailable(() => {
        throw new Error('a broken listener');
      });
      pool.queue.onAvailable(resolve);
      await pool.add('a1');
      await within('the bell', promise);
      expect(rung).toBe(0);
    });

    it('L7 has the same name as long as it loses nothing', async () => {
      await using engine = await open();
      const before = await engine.queue.generation();
      const pool = await Pool.open(engine, 2);
      await pool.add('a1');
      await pool.done(await pool.mustClaim());
      expect(await engine.queue.generation()).toBe(before);
    });
  });
}
