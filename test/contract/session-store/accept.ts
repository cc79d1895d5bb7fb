import { describe, expect, it } from 'vitest';
import type { OpenEngine } from '../support.ts';
import { FAILED, NOW, point, Scene, typesOf } from '../support.ts';

export function acceptContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} session store: accepting clicks`, () => {
    it('A12 makes an object with the first click and answers where its event stands', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const events = await scene.appendedBy(async () => {
        const changed = await scene.click('a', {
          points: [{ x: 1, y: 2, label: 0 }],
          box: { x: 0, y: 0, width: 5, height: 5 },
        });
        expect(changed).toMatchObject({ objectId: 'a', revision: 1, dirty: true, replayed: false });
        expect(changed.position).toEqual(await scene.position());
      });
      expect(events).toMatchObject([
        {
          type: 'click.accepted',
          payload: {
            objectId: 'a',
            imageId: scene.image.imageId,
            revision: 1,
            points: [{ x: 1, y: 2, label: 0 }],
            box: { x: 0, y: 0, width: 5, height: 5 },
          },
        },
      ]);
    });

    it('A12 keeps what the client calls its click', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const events = await scene.appendedBy(() =>
        scene.click('a', point(1), { clientRef: 'mine' }),
      );
      expect(events).toMatchObject([{ payload: { clientRef: 'mine' } }]);
      expect(await scene.object('a')).toMatchObject({ clicks: [{ clientRef: 'mine' }] });
    });

    it('A13 merges further clicks into the object, each with its own revision', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = await scene.click('a', point(1));
      const second = await scene.click('a', point(2));
      expect([first.revision, second.revision]).toEqual([1, 2]);
      const { work } = await scene.begin('a');
      expect(work).toMatchObject({ revision: 2, prompt: { points: [{ x: 1 }, { x: 2 }] } });
    });

    it('A11 has a failed image prepared anew when it is clicked on', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const { imageId: image } = scene.image;
      const problem = FAILED;
      await engine.sessions.settleImage(scene.session, image, problem, NOW);
      expect(await engine.sessions.dirty(scene.session)).toMatchObject({ images: [] });
      const events = await scene.appendedBy(() => scene.click('a'));
      expect(typesOf(events)).toEqual(['click.accepted']);
      const { body } = await engine.sessions.image(scene.session, image);
      expect(body).toMatchObject({ status: 'preparing' });
      expect(body).not.toHaveProperty('problem');
      const { images } = await engine.sessions.dirty(scene.session);
      expect(images.map((facts) => facts.imageId)).toEqual([image]);
    });
  });
}
