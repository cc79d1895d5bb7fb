import { describe, expect, it } from 'vitest';
import type { OpenEngine } from '../support.ts';
import { freshClickId, point, refused, Scene, typesOf } from '../support.ts';

export function undoContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} session store: undo`, () => {
    it('A15 takes a click out of the prompt, raises the revision and wants a call', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = await scene.click('a', point(1));
      await scene.click('a', point(2));
      await scene.segment('a', 'm');
      const events = await scene.appendedBy(async () => {
        const changed = await scene.undo(first);
        expect(changed).toMatchObject({
          clickId: first.clickId,
          objectId: 'a',
          revision: 3,
          dirty: true,
          replayed: false,
        });
        expect(changed.position).toEqual(await scene.position());
      });
      expect(events).toMatchObject([
        { type: 'click.undone', payload: { clickId: first.clickId, objectId: 'a', revision: 3 } },
      ]);
      const { work } = await scene.begin('a');
      expect(work).toMatchObject({ revision: 3, prompt: { points: [{ x: 2 }] } });
    });

    it('A15 restores the box before when the newest is undone', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const box = (x: number) => ({ points: [], box: { x, y: 0, width: 5, height: 5 } });
      await scene.click('a', box(1));
      const second = await scene.click('a', box(2));
      expect((await scene.begin('a')).work.prompt.box?.x).toBe(2);
      await scene.undo(second);
      expect((await scene.begin('a')).work.prompt.box?.x).toBe(1);
    });

    it('A15 ends a pending click by click.cancelled', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      const second = await scene.click('a', point(2));
      const events = await scene.appendedBy(() => scene.undo(second));
      expect(events).toMatchObject([
        { type: 'click.undone' },
        { type: 'click.cancelled', payload: { clickId: second.clickId, reason: 'undone' } },
      ]);
      expect(await scene.state(second)).toMatchObject({ status: 'undone' });
    });

    it('A15 repeats the first answer when the same click is undone twice', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = await scene.click('a', point(1));
      await scene.click('a', point(2));
      const answer = await scene.undo(first);
      await scene.click('a', point(3));
      const events = await scene.appendedBy(async () => {
        expect(await scene.undo(first)).toEqual({ ...answer, replayed: true });
      });
      expect(events).toEqual([]);
    });

    it('counter-example 4: an undo that is sent again still says that a call is needed', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = await scene.click('a', point(1));
      await scene.click('a', point(2));
      await scene.segment('a', 'm');
      await scene.undo(first);
      expect(await scene.undo(first)).toMatchObject({ replayed: true, dirty: true });
      await scene.segment('a', 'n');
      expect(await scene.undo(first)).toMatchObject({ replayed: true, dirty: false });
    });

    it('A15 removes an object that is left with no click', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const only = await scene.click('a', point(1));
      const events = await scene.appendedBy(async () => {
        expect(await scene.undo(only)).toMatchObject({ revision: 2, dirty: false });
      });
      expect(typesOf(events)).toEqual(['click.undone', 'click.cancelled', 'object.removed']);
      await refused(scene.object('a'), 'object_not_found');
      expect(await scene.undo(only)).toMatchObject({ revision: 2, dirty: false, replayed: true });
    });

    it('A16 goes on with the revisions of an object that an undo removed', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.undo(await scene.click('a', point(1)));
      expect(await scene.click('a', point(2))).toMatchObject({ revision: 3, dirty: true });
    });

    it('A15 answers a prompt that was answered before from memory', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      await scene.segment('a', 'one');
      const second = await scene.click('a', point(2));
      await scene.segment('a', 'two');
      const events = await scene.appendedBy(async () => {
        expect(await scene.undo(second)).toMatchObject({ revision: 3, dirty: false });
      });
      expect(events).toMatchObject([
        { type: 'click.undone' },
        {
          type: 'segment.completed',
          payload: { revision: 3, covers: [], cached: true, mask: { counts: 'one' } },
        },
      ]);
    });

    it('A15 covers clicks that still waited when the prompt is answered from memory', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('b', point(2));
      await scene.segment('b', 'two');
      const first = await scene.click('a', point(1));
      const second = await scene.click('a', point(2));
      const events = await scene.appendedBy(() => scene.undo(first));
      expect(events).toMatchObject([
        { type: 'click.undone' },
        { type: 'click.cancelled', payload: { clickId: first.clickId } },
        { type: 'segment.completed', payload: { objectId: 'a', covers: [second.clickId] } },
      ]);
    });

    it('A15 answers 404 only for a click that there never was', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await refused(scene.undo({ clickId: freshClickId() }), 'click_not_found');
    });

    it('A15 changes nothing when the click left with its object', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const ended = await scene.click('a', point(1));
      await scene.segment('a', 'm');
      const pending = await scene.click('a', point(2));
      await scene.remove('a');
      const events = await scene.appendedBy(async () => {
        for (const click of [ended, pending]) {
          expect(await scene.undo(click)).toMatchObject({ dirty: false, replayed: true });
        }
      });
      expect(events).toEqual([]);
      expect(await scene.state(pending)).toMatchObject({ status: 'cancelled' });
    });
  });
}
