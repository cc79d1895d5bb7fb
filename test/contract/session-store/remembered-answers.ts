import { describe, expect, it } from 'vitest';
import type { OpenEngine } from '../support.ts';
import { imageFacts, NOW, OVERLOADED, point, Scene, typesOf } from '../support.ts';

export function rememberedAnswersContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} session store: accepting clicks`, () => {
    it('A13 answers a prompt that was answered before from memory, also under load', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(7));
      await scene.segment('a', 'remembered');
      const events = await scene.appendedBy(async () => {
        const changed = await scene.click('b', point(7), OVERLOADED);
        expect(changed).toMatchObject({ objectId: 'b', revision: 1, dirty: false });
      });
      expect(typesOf(events)).toEqual(['click.accepted', 'segment.completed']);
      const covers = events[0]?.type === 'click.accepted' ? [events[0].payload.clickId] : [];
      expect(events[1]).toMatchObject({
        payload: {
          objectId: 'b',
          revision: 1,
          covers,
          cached: true,
          mask: { counts: 'remembered' },
          timings: { queuedMs: 0, serverMs: 0, totalMs: 0 },
        },
      });
      expect(await scene.object('b')).toMatchObject({ status: 'ready' });
    });

    it('A13 remembers answers by image, and forgets them with it', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const dog = imageFacts('dog');
      await engine.sessions.addImage(scene.session, dog, NOW);
      await scene.click('a', point(7));
      await scene.segment('a', 'm');
      const other = await scene.click('b', point(7), { imageId: dog.imageId });
      expect(other.dirty).toBe(true);
      await engine.sessions.removeImage(scene.session, scene.image.imageId, NOW);
      await engine.sessions.addImage(scene.session, scene.image, NOW);
      expect(await scene.click('c', point(7))).toMatchObject({ dirty: true });
    });
  });
}
