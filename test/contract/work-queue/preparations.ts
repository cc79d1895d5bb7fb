import { describe, expect, it } from 'vitest';
import type { OpenEngine } from '../support.ts';
import { NOW } from '../support.ts';
import { nameOf, Pool } from './pool.ts';

export function preparationsContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} work queue: preparations`, () => {
    it('A11 serves preparations after everything that somebody waits for', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      const prepare = pool.prepare('a', 'cat');
      await pool.add(prepare, 'b1', 'b2');
      expect(await pool.queue.place(prepare)).toEqual({ state: 'queued', position: 2 });
      expect(await pool.drain()).toEqual(['b1', 'b2', 'prepare']);
    });

    it('A11 prepares one content once, with and without reference apart', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add(pool.prepare('a', 'cat'), pool.prepare('b', 'cat'));
      await pool.add(pool.prepare('a', 'cat', 'mask'), pool.prepare('a', 'dog'));
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 3 });
    });

    it('A11 brings a preparation forward that a click waits for, and the click after it', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 2);
      const prepare = pool.prepare('a', 'cat');
      await pool.add(pool.prepare('b', 'dog'), prepare, 'c1');
      await pool.add(pool.token('a1', prepare));
      expect(nameOf(await pool.mustClaim())).toBe('c1');
      const lease = await pool.mustClaim();
      expect(lease.token).toMatchObject({ image: { imageId: prepare.image.imageId } });
      await pool.queue.setCeiling(10, 10);
      await pool.add('d1');
      expect(nameOf(await pool.mustClaim())).toBe('d1');
      expect(nameOf(await pool.mustClaim())).toBe('prepare');
      expect(await pool.claim()).toBeUndefined();
      await pool.done(lease);
      expect(nameOf(await pool.mustClaim())).toBe('a1');
    });

    it('A11 waits for no preparation that is not in the pool', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add(pool.token('a1', pool.prepare('a', 'cat')));
      expect(await pool.drain()).toEqual(['a1']);
    });

    it('A11 does not set clicks back by the images that their session uploaded', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      for (const image of ['i', 'j', 'k']) await pool.add(pool.prepare('a', image));
      await pool.add('b1', 'b2', 'a1');
      expect((await pool.drain()).slice(0, 3)).toEqual(['b1', 'a1', 'b2']);
    });

    it('A11 prepares first what a click waits for already', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      const prepare = pool.prepare('a', 'cat');
      await pool.add(pool.prepare('b', 'dog'), pool.token('a1', prepare), prepare);
      const lease = await pool.mustClaim();
      expect(lease.token).toMatchObject({ image: { imageId: prepare.image.imageId } });
    });

    it('A11 does not prepare again for a session that asks during the preparation', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add(pool.prepare('a', 'cat'));
      const lease = await pool.mustClaim();
      expect(await pool.add(pool.prepare('b', 'cat'))).toMatchObject([{ state: 'running' }]);
      await pool.done(lease);
      expect(await pool.claim()).toBeUndefined();
    });
  });
}
