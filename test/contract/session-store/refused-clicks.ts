import { describe, expect, it } from 'vitest';
import { imageId } from '../../../src/core/ids.ts';
import type { OpenEngine } from '../support.ts';
import {
  CONTRACT_SETTINGS,
  imageFacts,
  NOW,
  OVERLOADED,
  point,
  refused,
  Scene,
} from '../support.ts';

export function refusedClicksContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} session store: accepting clicks`, () => {
    it('A12 refuses a click on an image that the session has not', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const other = imageId(`sha256-${'f'.repeat(64)}`);
      await refused(scene.click('a', point(1), { imageId: other }), 'image_not_found');
    });

    it('A12 refuses an object of another image', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const dog = imageFacts('dog');
      await engine.sessions.addImage(scene.session, dog, NOW);
      await scene.click('a');
      await refused(scene.click('a', point(1), { imageId: dog.imageId }), 'conflict');
    });

    it('A14 refuses what lies outside the image, and names every coordinate', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const part = {
        points: [
          { x: 1, y: 1, label: 1 },
          { x: 100, y: -0.5, label: 1 },
        ],
        box: { x: 90, y: 0, width: 11, height: 5 },
      } as const;
      await expect(scene.click('a', part)).rejects.toMatchObject({
        code: 'out_of_bounds',
        extras: {
          errors: [{ path: 'points[1].x' }, { path: 'points[1].y' }, { path: 'box' }],
        },
      });
    });

    it('A14 refuses an object too many; objects that were removed do not count', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      for (const name of ['a', 'b', 'c']) await scene.click(name);
      await expect(scene.click('d')).rejects.toMatchObject({
        code: 'limit_reached',
        extras: { limit: 'maxObjects' },
      });
      await scene.click('a', point(2));
      await scene.remove('a');
      expect(await scene.click('d')).toMatchObject({ objectId: 'd' });
    });

    it('A6 refuses points too many; those that were undone do not count', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = await scene.click('a', point(0));
      for (let x = 1; x < CONTRACT_SETTINGS.maxPointsPerObject; x += 1) {
        await scene.click('a', point(x));
      }
      await expect(scene.click('a', point(9))).rejects.toMatchObject({
        code: 'limit_reached',
        extras: { limit: 'maxPointsPerObject' },
      });
      await scene.undo(first);
      expect(await scene.click('a', point(9))).toMatchObject({ objectId: 'a' });
    });

    it('A6 counts a click of nothing but a box as one point, so that boxes are bounded', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const box = (x: number) => ({ points: [], box: { x, y: 0, width: 5, height: 5 } });
      for (let x = 0; x < CONTRACT_SETTINGS.maxPointsPerObject; x += 1) {
        await scene.click('a', box(x));
      }
      await refused(scene.click('a', box(9)), 'limit_reached');
    });

    it('counter-example 12: refuses for load before anything is appended', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const events = await scene.appendedBy(async () => {
        await expect(scene.click('a', point(1), OVERLOADED)).rejects.toMatchObject({
          code: 'overloaded',
          extras: { etaMs: 7_500, retryAfterMs: 7_500 },
        });
      });
      expect(events).toEqual([]);
      await refused(scene.object('a'), 'object_not_found');
      expect(await engine.sessions.dirty(scene.session)).toMatchObject({ objects: [] });
    });

    it('A13 never refuses a click that merges for load, but one on an answered object', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      expect(await scene.click('a', point(2), OVERLOADED)).toMatchObject({ revision: 2 });
      await scene.segment('a', 'm');
      await refused(scene.click('a', point(3), OVERLOADED), 'overloaded');
    });

    it('A5 bounds the objects in flight; what merges, undo and remembered answers need no place', async () => {
      await using engine = await open({ ...CONTRACT_SETTINGS, maxObjectsInFlight: 2 });
      const scene = await Scene.open(engine);
      const settled = await scene.click('c', point(9));
      await scene.segment('c', 'of c');
      await scene.click('a');
      await scene.click('b');
      const refusedClick = scene.click('c', point(1));
      await expect(refusedClick).rejects.toMatchObject({
        code: 'rate_limited',
        extras: { retryAfterMs: 1_000 },
      });
      await refused(scene.click('c', point(1), OVERLOADED), 'rate_limited');
      await expect(scene.click('a', point(2))).resolves.toMatchObject({ dirty: true });
      await expect(scene.undo(settled)).resolves.toMatchObject({ dirty: false });
      await expect(scene.click('c', point(9))).resolves.toMatchObject({ dirty: false });
      await scene.segment('a', 'of a');
      await expect(scene.click('c', point(1))).resolves.toMatchObject({ dirty: true });
    });
  });
}
