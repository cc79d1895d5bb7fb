import { describe, expect, it } from 'vitest';
import { objectId } from '../../../src/core/ids.ts';
import type { OpenEngine } from '../support.ts';
import { FAILED, freshSessionId, NOW, point, Scene, TENANT, typesOf } from '../support.ts';

export function workContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} session store: begin and complete`, () => {
    it('L3 hands out the whole prompt, its image and when it became so', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const command = scene.command('a', point(1), { traceparent });
      await scene.sessions.accept(scene.session, command);
      const { work } = await scene.begin('a');
      expect(work).toMatchObject({
        tenant: TENANT,
        revision: 1,
        prompt: { points: [{ x: 1, y: 1, label: 1 }] },
        changedAt: command.now,
        traceparent,
      });
      expect(work.image).toMatchObject({ imageId: scene.image.imageId, width: 100, height: 80 });
    });

    it('L3 says clean for what is answered, unknown, removed or of a session that is gone', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const begin = (name: string) => engine.sessions.begin(scene.session, objectId(name), 99);
      const clean = { state: 'clean' };
      expect(await begin('never')).toEqual(clean);
      await scene.click('a');
      await scene.segment('a', 'm');
      expect(await begin('a')).toEqual(clean);
      await scene.click('b', point(5));
      await scene.remove('b');
      expect(await begin('b')).toEqual(clean);
      expect(await engine.sessions.begin(freshSessionId(), objectId('a'), 1)).toEqual(clean);
    });

    it('L3 says stale to an older fence', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a');
      await scene.begin('a', 20);
      const older = await engine.sessions.begin(scene.session, objectId('a'), 19);
      expect(older).toEqual({ state: 'stale' });
    });

    it('A21 ends all clicks up to the revision that was asked, oldest first', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = await scene.click('a', point(1));
      const second = await scene.click('a', point(2));
      const call = await scene.begin('a');
      const third = await scene.click('a', point(3));
      const events = await scene.appendedBy(async () => {
        expect(await scene.answer(call, 'm')).toEqual({ accepted: true, dirty: true });
      });
      expect(events).toMatchObject([
        {
          type: 'segment.completed',
          payload: {
            objectId: 'a',
            imageId: scene.image.imageId,
            revision: 2,
            covers: [first.clickId, second.clickId],
            mask: { format: 'coco_rle', size: [80, 100], counts: 'm' },
            cached: false,
            model: 'suite',
            timings: { queuedMs: 1, serverMs: 2, totalMs: 3 },
          },
        },
      ]);
      expect(await scene.object('a')).toMatchObject({
        clicks: [{ pending: false }, { pending: false }, { pending: true }],
      });
      expect(await scene.segment('a', 'n')).toEqual({ accepted: true, dirty: false });
      expect(await scene.state(third)).toMatchObject({ status: 'completed' });
    });

    it('counter-example 8: a failure ends only the clicks that the call has seen', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const seen = await scene.click('a', point(1));
      const call = await scene.begin('a');
      const later = await scene.click('a', point(2));
      const events = await scene.appendedBy(async () => {
        expect(await scene.fail(call)).toEqual({ accepted: true, dirty: true });
      });
      expect(events).toMatchObject([
        {
          type: 'segment.failed',
          payload: { revision: 1, covers: [seen.clickId], problem: FAILED },
        },
      ]);
      expect(await scene.state(seen)).toMatchObject({ status: 'failed', problem: FAILED });
      expect(await scene.state(later)).toMatchObject({ status: 'queued' });
    });

    it('A15 covers no click when the mask follows an undo', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = await scene.click('a', point(1));
      await scene.click('a', point(2));
      await scene.segment('a', 'm');
      await scene.undo(first);
      const events = await scene.appendedBy(() => scene.segment('a', 'n'));
      expect(events).toMatchObject([{ payload: { revision: 3, covers: [] } }]);
    });

    it('L4 refuses an answer of another fence, and says whether work is left', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a');
      const old = await scene.begin('a');
      const young = await scene.begin('a');
      const events = await scene.appendedBy(async () => {
        expect(await scene.answer(old, 'old')).toEqual({ accepted: false, dirty: true });
      });
      expect(events).toEqual([]);
      expect(await scene.answer(young, 'young')).toEqual({ accepted: true, dirty: false });
      expect(await scene.object('a')).toMatchObject({ result: { mask: { counts: 'young' } } });
    });

    it('L4 refuses a revision that was answered, and one that there never was', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      await scene.segment('a', 'm');
      await scene.click('a', point(2));
      const call = await scene.begin('a');
      const events = await scene.appendedBy(async () => {
        for (const revision of [0, 1, 3]) {
          const wrong = { ...call, work: { ...call.work, revision } };
          expect(await scene.answer(wrong, 'wrong')).toEqual({ accepted: false, dirty: true });
        }
      });
      expect(events).toEqual([]);
      expect(await scene.answer(call, 'n')).toEqual({ accepted: true, dirty: false });
    });

    it('L2 keeps fence and answered revisions of a removed object for its namesake', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      await scene.begin('a', 20);
      await scene.remove('a');
      await scene.click('a', point(50));
      const older = await engine.sessions.begin(scene.session, objectId('a'), 19);
      expect(older).toEqual({ state: 'stale' });
      const call = await scene.begin('a', 21);
      const wrong = { ...call, work: { ...call.work, revision: 1 } };
      expect(await scene.answer(wrong, 'wrong')).toEqual({ accepted: false, dirty: true });
    });

    it('L4 refuses an answer that was published already', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a');
      const call = await scene.begin('a');
      await scene.answer(call, 'm');
      const events = await scene.appendedBy(async () => {
        expect(await scene.answer(call, 'm')).toEqual({ accepted: false, dirty: false });
      });
      expect(events).toEqual([]);
    });

    it('L4 refuses a failure that is sent again after the object is retried', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a');
      const call = await scene.begin('a');
      await scene.fail(call);
      await engine.sessions.retryObject(scene.session, objectId('a'), scene.tick());
      expect(await scene.fail(call)).toEqual({ accepted: false, dirty: true });
    });

    it('L4 refuses answers to an unknown object and to a session that is gone', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a');
      const call = await scene.begin('a');
      const refusal = { accepted: false, dirty: false };
      expect(await scene.answer({ ...call, object: objectId('never') }, 'm')).toEqual(refusal);
      await engine.sessions.close(scene.session, 'deleted', scene.tick());
      expect(await scene.answer(call, 'm')).toEqual(refusal);
    });

    it('counter-example 5: the mask of a removed object is not given to its namesake', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      const call = await scene.begin('a');
      await scene.remove('a');
      const anew = await scene.click('a', point(50));
      expect(anew).toMatchObject({ revision: 2, dirty: true });
      const events = await scene.appendedBy(async () => {
        expect(await scene.answer(call, 'old')).toEqual({ accepted: false, dirty: true });
      });
      expect(events).toEqual([]);
      expect(await scene.object('a')).not.toHaveProperty('result');
    });

    it('counter-example 6: a remembered answer abandons the call under way', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      await scene.segment('a', 'one');
      const second = await scene.click('a', point(2));
      const call = await scene.begin('a');
      expect(await scene.undo(second)).toMatchObject({ revision: 3, dirty: false });
      const events = await scene.appendedBy(async () => {
        expect(await scene.answer(call, 'two')).toEqual({ accepted: false, dirty: false });
      });
      expect(events).toEqual([]);
    });

    it('counter-example 9: a call that the session does not know of publishes nothing', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      const call = await scene.begin('a');
      const other = await Scene.open(engine);
      await other.click('a', point(60));
      expect(await other.answer(call, 'm')).toEqual({ accepted: false, dirty: true });
    });

    it('counter-example 1: a click that nobody enqueued shows in what waits for work', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a');
      await scene.click('b');
      await scene.segment('b', 'm');
      const dirty = await engine.sessions.dirty(scene.session);
      expect(dirty.objects).toEqual([
        { objectId: 'a', image: expect.objectContaining({ imageId: scene.image.imageId }) },
      ]);
      expect(dirty.images).toHaveLength(1);
      await engine.sessions.settleImage(scene.session, scene.image.imageId, undefined, NOW);
      await scene.segment('a', 'n');
      expect(await engine.sessions.dirty(scene.session)).toEqual({ objects: [], images: [] });
    });

    it('A17 tells a click that is being worked on from one that came later', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = await scene.click('a', point(1));
      expect(await scene.state(first)).toMatchObject({ status: 'queued', revision: 1 });
      expect(await scene.object('a')).toMatchObject({ status: 'queued' });
      const call = await scene.begin('a');
      const second = await scene.click('a', point(2));
      expect(await scene.state(first)).toMatchObject({ status: 'running' });
      expect(await scene.state(second)).toMatchObject({ status: 'queued' });
      expect(await scene.object('a')).toMatchObject({ status: 'running' });
      await scene.answer(call, 'm');
      expect(await scene.state(first)).toMatchObject({
        status: 'completed',
        imageId: scene.image.imageId,
        result: { revision: 1, covers: [first.clickId], mask: { counts: 'm' } },
      });
      expect(await scene.object('a')).toMatchObject({ status: 'queued', result: { revision: 1 } });
    });

    it('A7 keeps the mask that there was when a later call fails', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      await scene.segment('a', 'm');
      await scene.click('a', point(2));
      await scene.fail(await scene.begin('a'));
      expect(await scene.object('a')).toMatchObject({
        status: 'failed',
        problem: FAILED,
        result: { mask: { counts: 'm' } },
      });
      await scene.click('a', point(3));
      expect(await scene.object('a')).not.toHaveProperty('problem');
    });

    it('A21 numbers masks of one object never downwards', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      const call = await scene.begin('a');
      await scene.click('a', point(2));
      await scene.answer(call, 'one');
      const events = await scene.appendedBy(() => scene.segment('a', 'two'));
      expect(typesOf(events)).toEqual(['segment.completed']);
      expect(await scene.object('a')).toMatchObject({ result: { revision: 2 } });
    });
  });
}
