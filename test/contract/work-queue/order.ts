import { describe, expect, it } from 'vitest';
import { TURN_COST } from '../../../src/core/fair-queue/item.ts';
import type { OpenEngine } from '../support.ts';
import { NOW } from '../support.ts';
import { Pool } from './pool.ts';

export function orderContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} work queue: order`, () => {
    it('serves sessions in turn, and objects of a session in turn', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2', 'a3', 'b1', 'c1', 'b2');
      expect(await pool.drain()).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    });

    it('A13 keeps the place of a token that is enqueued again', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'b1', 'c1');
      expect(await pool.add('b1', 'b1')).toEqual([
        { state: 'merged', position: 1 },
        { state: 'merged', position: 1 },
      ]);
      expect(await pool.drain()).toEqual(['a1', 'b1', 'c1']);
    });

    it('A13 merges a token that is enqueued several times at one moment; the latest deadline counts', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('b1');
      const spans = [1_000, 3_000, 2_000];
      const places = await Promise.all(
        spans.map((ms) => pool.queue.enqueue(pool.token('a1'), { now: NOW, deadlineAt: NOW + ms })),
      );
      expect(places.map(({ state, position }) => [state, position])).toEqual([
        ['queued', 1],
        ['merged', 1],
        ['merged', 1],
      ]);
      expect(places[2]?.load).toEqual(await pool.queue.load(NOW));
      await pool.drain();
    });

    it('A12 tells how many are served before a token', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      const places = await pool.add('a1', 'a2', 'b1');
      expect(places).toEqual([
        { state: 'queued', position: 0 },
        { state: 'queued', position: 1 },
        { state: 'queued', position: 1 },
      ]);
      expect(await pool.queue.place(pool.token('a2'))).toEqual({ state: 'queued', position: 2 });
      expect(await pool.queue.place(pool.token('z9'))).toBeUndefined();
    });

    it('serves a session by the weight of its tenant', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'b4']) {
        const cost = name.startsWith('a') ? TURN_COST / 2 : TURN_COST;
        await pool.queue.enqueue(pool.token(name), { now: NOW, cost });
      }
      expect(await pool.drain()).toEqual(['a1', 'b1', 'a2', 'a3', 'b2', 'a4', 'b3', 'b4']);
    });

    it('lets nobody save up turns while idle', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2', 'a3', 'a4');
      for (let n = 0; n < 2; n += 1) await pool.done(await pool.mustClaim());
      await pool.add('b1', 'b2', 'b3');
      expect(await pool.drain()).toEqual(['b1', 'a3', 'b2', 'a4', 'b3']);
    });

    it('puts a session that is being served behind one that is not', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      const lease = await pool.mustClaim();
      await pool.add('a2', 'b1');
      await pool.done(lease);
      expect(await pool.drain()).toEqual(['b1', 'a2']);
    });

    it('L5 offers a token that is dirty again at the tail', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2', 'b1');
      const lease = await pool.mustClaim();
      await pool.done(lease, true);
      expect(await pool.drain()).toEqual(['b1', 'a2', 'a1']);
    });

    it('counter-example 3: a token enqueued while leased is not lost by its release', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2');
      const lease = await pool.mustClaim();
      expect(await pool.add('a1')).toEqual([{ state: 'running', position: 0 }]);
      expect(await pool.queue.place(pool.token('a1'))).toMatchObject({ state: 'running' });
      await pool.done(lease);
      expect(await pool.drain()).toEqual(['a2', 'a1']);
    });
  });
}
