import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/ports/engine.ts';
import type { OpenEngine } from './support.ts';
import { freshSessionId, NOW, Scene, TENANT } from './support.ts';

const FOR_MS = 100_000;
const EVERY_MS = 10_000;
const SPAN = { forMs: FOR_MS, everyMs: EVERY_MS };

const take = ({ watch }: Engine, afterMs: number, limit = 100) =>
  watch.take(limit, EVERY_MS, NOW + afterMs);

/** What every `WatchList` holds (L7). */
export function watchListContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} watch list`, () => {
    it('L7 hands a session out when its turn has come, to one caller, again and again', async () => {
      await using engine = await open();
      const session = freshSessionId();
      await engine.watch.watch(session, SPAN, NOW);
      expect(await take(engine, EVERY_MS - 1)).toEqual([]);
      expect(await take(engine, EVERY_MS)).toEqual([session]);
      expect(await take(engine, EVERY_MS)).toEqual([]);
      expect(await take(engine, 2 * EVERY_MS)).toEqual([session]);
    });

    it('L7 hands a session out once more when it is watched no longer, however late', async () => {
      await using engine = await open();
      const session = freshSessionId();
      await engine.watch.watch(session, SPAN, NOW);
      expect(await take(engine, FOR_MS - 1)).toEqual([session]);
      expect(await take(engine, 10 * FOR_MS)).toEqual([session]);
      expect(await take(engine, 11 * FOR_MS)).toEqual([]);
    });

    it('L7 watches longer what is used again, whose turn comes no later', async () => {
      await using engine = await open();
      const session = freshSessionId();
      await engine.watch.watch(session, SPAN, NOW);
      await engine.watch.watch(session, SPAN, NOW + EVERY_MS - 1);
      expect(await take(engine, EVERY_MS)).toEqual([session]);
      expect(await take(engine, FOR_MS + 1)).toEqual([session]);
      // A mark that arrives late, of a gateway that stood still, takes nothing away.
      await engine.watch.watch(session, SPAN, NOW + FOR_MS);
      await engine.watch.watch(session, SPAN, NOW);
      expect(await take(engine, 2 * FOR_MS - 1)).toEqual([session]);
    });

    it('L7 hands out no more than is asked for, the longest due first', async () => {
      await using engine = await open();
      const sessions = [freshSessionId(), freshSessionId(), freshSessionId()];
      for (const [n, session] of sessions.entries()) {
        await engine.watch.watch(session, SPAN, NOW + n);
      }
      expect(await take(engine, 2 * EVERY_MS, 2)).toEqual(sessions.slice(0, 2));
      expect(await take(engine, 2 * EVERY_MS, 2)).toEqual(sessions.slice(2));
    });

    it('L7 shares the sessions among all who take', async () => {
      await using engine = await open();
      const sessions = Array.from({ length: 50 }, freshSessionId);
      for (const session of sessions) await engine.watch.watch(session, SPAN, NOW);
      const shares = await Promise.all([1, 2, 3, 4].map(() => take(engine, EVERY_MS, 20)));
      expect(shares.flat().toSorted()).toEqual(sessions.toSorted());
    });

    it('L7 watches all sessions that there are, at once, and once for an occasion', async () => {
      await using engine = await open();
      const scenes = [await Scene.open(engine), await Scene.open(engine), await Scene.open(engine)];
      const sessions = scenes.map(({ session }) => session).toSorted();
      const all = async () => (await take(engine, 0)).toSorted();
      expect(await all()).toEqual([]);
      await Promise.all([1, 2].map(() => engine.watch.watchAll('one', FOR_MS, NOW)));
      expect(await all()).toEqual(sessions);
      await engine.watch.watchAll('one', FOR_MS, NOW);
      expect(await all()).toEqual([]);
      await engine.watch.watchAll('another', FOR_MS, NOW);
      expect(await all()).toEqual(sessions);
    });

    it('L7 watches thousands of sessions', async () => {
      await using engine = await open();
      const sessions = Array.from({ length: 1_200 }, freshSessionId);
      const facts = { tenant: TENANT, subject: 'suite', now: NOW };
      await Promise.all(sessions.map((sessionId) => engine.sessions.open({ ...facts, sessionId })));
      await engine.watch.watchAll('one', FOR_MS, NOW);
      const taken = new Set<string>();
      for (let part = await take(engine, 0, 500); part.length > 0; ) {
        for (const session of part) taken.add(session);
        part = await take(engine, 0, 500);
      }
      expect(taken).toEqual(new Set(sessions));
    });
  });
}
