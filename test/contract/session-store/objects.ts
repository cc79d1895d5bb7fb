import { describe, expect, it } from 'vitest';
import { objectId } from '../../../src/core/ids.ts';
import type { ObjectPatch } from '../../../src/protocol/bodies.ts';
import type { OpenEngine } from '../support.ts';
import {
  FAILED,
  freshClickId,
  imageFacts,
  NOW,
  point,
  refused,
  Scene,
  typesOf,
} from '../support.ts';

const A = objectId('a');

export function objectsContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} session store: objects and images`, () => {
    it('A16 patches field by field, and null removes one', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a');
      const patch = (change: ObjectPatch) =>
        engine.sessions.patchObject(scene.session, A, change, scene.tick());
      await patch({ label: 'cat', color: '#ff0000', metadata: { n: 1 } });
      const events = await scene.appendedBy(async () => {
        const body = await patch({ color: null });
        expect(body).toMatchObject({ label: 'cat', metadata: { n: 1 } });
        expect(body).not.toHaveProperty('color');
      });
      expect(events).toMatchObject([{ type: 'object.updated' }]);
      expect(events[0]?.payload).toEqual({
        objectId: 'a',
        imageId: scene.image.imageId,
        revision: 1,
        label: 'cat',
        metadata: { n: 1 },
      });
      expect(await scene.object('a')).toMatchObject({ label: 'cat' });
    });

    it('A16 removes an object and cancels its pending clicks', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const ended = await scene.click('a', point(1));
      await scene.segment('a', 'm');
      const pending = await scene.click('a', point(2));
      const events = await scene.appendedBy(() => scene.remove('a'));
      expect(events).toMatchObject([
        {
          type: 'click.cancelled',
          payload: { clickId: pending.clickId, objectId: 'a', reason: 'object_removed' },
        },
        { type: 'object.removed', payload: { objectId: 'a', imageId: scene.image.imageId } },
      ]);
      expect(await scene.state(ended)).toMatchObject({ status: 'completed' });
      expect(await scene.state(pending)).toMatchObject({ status: 'cancelled' });
      await refused(scene.remove('a'), 'object_not_found');
    });

    it('A16 starts a namesake with nothing but the revisions', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      await engine.sessions.patchObject(scene.session, A, { label: 'cat' }, NOW);
      await scene.segment('a', 'm');
      await scene.remove('a');
      const dog = imageFacts('dog');
      await engine.sessions.addImage(scene.session, dog, NOW);
      await scene.click('a', point(9), { imageId: dog.imageId });
      const body = await scene.object('a');
      expect(body).toMatchObject({ revision: 2, imageId: dog.imageId, clicks: [{}] });
      expect(body).not.toHaveProperty('label');
      expect(body).not.toHaveProperty('result');
    });

    it('A16 retries a failed object, and only that', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const retry = () => engine.sessions.retryObject(scene.session, A, scene.tick());
      await refused(retry(), 'object_not_found');
      await scene.click('a');
      await refused(retry(), 'conflict');
      await scene.fail(await scene.begin('a'));
      const events = await scene.appendedBy(async () => {
        expect(await retry()).toEqual({ revision: 1, imageId: scene.image.imageId });
      });
      expect(events).toEqual([]);
      expect(await scene.object('a')).toMatchObject({ status: 'queued' });
      expect((await engine.sessions.dirty(scene.session)).objects).toHaveLength(1);
      expect(await scene.segment('a', 'm')).toEqual({ accepted: true, dirty: false });
      expect(await scene.object('a')).toMatchObject({ status: 'ready', result: { covers: [] } });
      await refused(retry(), 'conflict');
    });

    it('A11 has a failed image prepared anew by a retry of its object', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a');
      await engine.sessions.settleImage(scene.session, scene.image.imageId, FAILED, NOW);
      await scene.fail(await scene.begin('a'));
      await engine.sessions.retryObject(scene.session, A, scene.tick());
      expect((await engine.sessions.dirty(scene.session)).images).toHaveLength(1);
    });

    it('A9 adds an image once, and refuses it with other companions', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const facts = imageFacts('dog', {
        name: 'dog.png',
        reference: { blobId: 'blob-1', contentType: 'image/png' },
      });
      const add = (change = {}) =>
        engine.sessions.addImage(scene.session, { ...facts, ...change }, scene.tick());
      const body = {
        imageId: facts.imageId,
        name: 'dog.png',
        width: 100,
        height: 80,
        bytes: 1234,
        contentType: 'image/png',
        status: 'preparing',
        hasReference: true,
        hasEmbedding: false,
      };
      const events = await scene.appendedBy(async () => {
        expect(await add()).toEqual({ added: true, image: body });
        expect(await add()).toEqual({ added: false, image: body });
        await refused(add({ reference: undefined }), 'conflict');
        const embedding = { blobId: 'blob-2', contentType: 'application/octet-stream' };
        await refused(add({ embedding }), 'conflict');
      });
      expect(events).toMatchObject([{ type: 'image.added' }]);
      expect(events[0]?.payload).toEqual(body);
      const found = await engine.sessions.image(scene.session, facts.imageId);
      expect(found).toMatchObject({ reference: { blobId: 'blob-1' }, body });
    });

    it('A6 refuses an image too many', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const add = (name: string) =>
        engine.sessions.addImage(scene.session, imageFacts(name), scene.tick());
      await add('two');
      await add('three');
      await expect(add('four')).rejects.toMatchObject({
        code: 'limit_reached',
        extras: { limit: 'maxImages' },
      });
    });

    it('A11 settles an image once', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const settle = (problem?: typeof FAILED) =>
        engine.sessions.settleImage(scene.session, scene.image.imageId, problem, scene.tick());
      const events = await scene.appendedBy(async () => {
        await settle();
        await settle(FAILED);
      });
      expect(events).toMatchObject([{ type: 'image.ready', payload: { status: 'ready' } }]);
    });

    it('A11 says what went wrong with an image', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const events = await scene.appendedBy(() =>
        engine.sessions.settleImage(scene.session, scene.image.imageId, FAILED, scene.tick()),
      );
      expect(events).toMatchObject([
        { type: 'image.failed', payload: { status: 'failed', problem: FAILED } },
      ]);
    });

    it('A10 removes an image after its objects', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1));
      await scene.click('b', point(2));
      await scene.segment('b', 'm');
      const remove = () =>
        engine.sessions.removeImage(scene.session, scene.image.imageId, scene.tick());
      const events = await scene.appendedBy(async () => {
        expect(await remove()).toMatchObject({ imageId: scene.image.imageId });
      });
      expect(typesOf(events)).toEqual([
        'click.cancelled',
        'object.removed',
        'object.removed',
        'image.removed',
      ]);
      expect(events[3]?.payload).toEqual({ imageId: scene.image.imageId });
      await refused(remove(), 'image_not_found');
      await refused(scene.click('a'), 'image_not_found');
      const settled = await scene.appendedBy(() =>
        engine.sessions.settleImage(scene.session, scene.image.imageId, undefined, scene.tick()),
      );
      expect(settled).toEqual([]);
    });

    it('A30 says what is not there', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await refused(scene.object('a'), 'object_not_found');
      await refused(scene.state({ clickId: freshClickId() }), 'click_not_found');
      const other = imageFacts('other').imageId;
      await refused(engine.sessions.image(scene.session, other), 'image_not_found');
      await refused(engine.sessions.patchObject(scene.session, A, {}, NOW), 'object_not_found');
    });
  });
}
