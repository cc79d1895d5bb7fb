import { describe, expect, it } from 'vitest';
import type { ReleaseReply } from '../../../src/core/fair-queue.ts';
import type { Lease } from '../../../src/ports/work-queue.ts';
import type { OpenEngine } from '../support.ts';
import { NOW } from '../support.ts';
import { nameOf, Pool } from './pool.ts';

export function limitContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} work queue: limit`, () => {
    const ok = { kind: 'segment', result: 'ok', durationMs: 500 } as const;
    const busy = { kind: 'segment', result: 'overloaded' } as const;

    it('B6 begins with one call, and allows more while they succeed, up to the ceiling', async () => {
      await using engine = await open();
      await engine.queue.setCeiling(3);
      const pool = await Pool.open(engine, 0);
      await engine.queue.setCeiling(3);
      const limits: number[] = [];
      for (let n = 0; n < 6; n += 1) {
        await pool.add('a1', 'b1', 'c1', 'd1');
        limits.push((await pool.queue.load(NOW)).limit);
        const leases: Lease[] = [];
        for (let lease = await pool.claim(); lease; lease = await pool.claim()) leases.push(lease);
        expect(leases).toHaveLength(limits.at(-1) ?? 0);
        for (const lease of leases) {
          await pool.queue.release(lease, { dirty: true, call: ok, now: NOW });
        }
      }
      expect(limits).toEqual([1, 2, 3, 3, 3, 3]);
    });

    it('halves when the server has too much to do, and says so', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 4);
      await pool.callTimes(2);
      await pool.add('a1', 'b1');
      await pool.call(busy);
      expect(await pool.queue.load(NOW)).toMatchObject({
        limit: 2,
        ceiling: 4,
        health: 'degraded',
      });
      expect((await pool.claimSome(0)).healths).toEqual(['degraded']);
      expect((await pool.claimSome(0, NOW + 10_000)).healths).toEqual(['ok']);
    });

    it('counts a call once when its release is sent twice', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 8);
      await pool.add('a1', 'b1');
      const lease = await pool.mustClaim();
      const how = { dirty: true, call: busy, now: NOW };
      const replies = [await pool.queue.release(lease, how), await pool.queue.release(lease, how)];
      expect(replies).toEqual(['ended', 'gone']);
      expect(await pool.queue.load(NOW)).toMatchObject({ limit: 4 });
    });

    it('leaves a server alone that answers nothing, then tries it with one call at a time', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 4);
      for (const name of ['a1', 'b1', 'c1', 'd1', 'e1']) {
        await pool.add(name);
        await pool.call({ kind: 'segment', result: 'failed' });
      }
      await pool.add('a1', 'b1', 'c1');
      expect(await pool.claim()).toBeUndefined();
      expect(await pool.look()).toBe(NOW + 500);
      expect(await pool.queue.load(NOW)).toMatchObject({ health: 'down' });
      const probe = await pool.mustClaim(NOW + 500);
      expect(await pool.claim(NOW + 500)).toBeUndefined();
      await pool.queue.release(probe, { dirty: false, call: ok, now: NOW + 900 });
      expect(await pool.queue.load(NOW + 900)).toMatchObject({ health: 'ok' });
      expect(nameOf(await pool.mustClaim(NOW + 900))).toBe('b1');
      expect(nameOf(await pool.mustClaim(NOW + 900))).toBe('c1');
    });

    it('B5 allows one retry of ten calls; what may not be retried stays leased', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.callTimes(18);
      const replies: ReleaseReply[] = [];
      for (const name of ['a1', 'b1', 'c1']) {
        await pool.add(name);
        replies.push(await pool.call({ ...ok }, NOW, { retryAt: NOW + 60_000 }));
        if (replies.at(-1) === 'kept') break;
      }
      expect(replies).toEqual(['ended', 'ended', 'kept']);
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 2, leased: 1 });
    });

    it('A14 refuses what would wait too long, what comes at the same moment counted', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.callTimes(20);
      const admit = async (name: string, entry: { deadlineAt?: number } = {}, now = NOW) =>
        (await pool.queue.admit(pool.token(name), { now, ...entry }, 1_000)).refused;
      expect(await admit('a1', { deadlineAt: NOW + 1 })).toBeUndefined();
      expect(await admit('b1', { deadlineAt: NOW + 999 })).toEqual({ etaMs: 1_000 });
      expect(await admit('b1')).toBeUndefined();
      await pool.add('a1');
      expect(await admit('c1')).toBeUndefined();
      expect(await admit('d1')).toEqual({ etaMs: 2_000 });
      expect(await admit('a1', { deadlineAt: NOW })).toBeUndefined();
      expect(await pool.queue.place(pool.token('b1'))).toBeUndefined();
      expect(await admit('d1', {}, NOW + 2_000)).toBeUndefined();
    });
  });

  describe(`${engineName} work queue: admission after the start`, () => {
    it('A14 counts on the ceiling until the limit is first halved', async () => {
      await using engine = await open();
      await engine.queue.setCeiling(4);
      const pool = await Pool.open(engine, 0);
      await engine.queue.setCeiling(4);
      const admitted = async (now: number) => {
        const names = [...'abcdefghijkl'].map((letter) => `${letter}1`);
        const replies = names.map((name) => pool.queue.admit(pool.token(name), { now }, 500));
        return (await Promise.all(replies)).filter(({ refused }) => refused === undefined).length;
      };
      expect(await pool.queue.load(NOW)).toMatchObject({ limit: 1, foreseen: 4 });
      expect(await admitted(NOW)).toBe(8);
      await pool.add('z1');
      await pool.call({ kind: 'segment', result: 'overloaded' });
      expect(await pool.queue.load(NOW)).toMatchObject({ limit: 1, foreseen: 1 });
      expect(await admitted(NOW + 5_000)).toBe(2);
    });
  });
}
