import { describe, expect, it } from 'vitest';
import type { ClickId } from '../../../src/core/ids.ts';
import { imageId } from '../../../src/core/ids.ts';
import type { Changed } from '../../../src/ports/session-store.ts';
import type { OpenEngine } from '../support.ts';
import {
  CONTRACT_SETTINGS,
  FAILED,
  imageFacts,
  NOW,
  point,
  refused,
  Scene,
  typesOf,
} from '../support.ts';

const OVERLOADED = { overloaded: { etaMs: 7_500 } };

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

    it('L1 gives the same request the same answer and applies it once', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const command = scene.command('a', point(1));
      const first = await scene.sessions.accept(scene.session, command);
      const events = await scene.appendedBy(async () => {
        const again = await scene.sessions.accept(scene.session, command);
        expect(again).toEqual({ ...first, replayed: true });
      });
      expect(events).toEqual([]);
    });

    it('L1 gives a click the same answer after it was undone, and after its object was removed', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const commands = [scene.command('a', point(1)), scene.command('a', point(2))];
      const first: Changed[] = [];
      for (const command of commands) {
        first.push(await scene.sessions.accept(scene.session, command));
      }
      const again = async () => {
        const repeats = commands.map((command) => scene.sessions.accept(scene.session, command));
        return (await Promise.all(repeats)).map(({ image: _, dirty: __, ...rest }) => rest);
      };
      const expected = first.map(({ image: _, dirty: __, ...rest }) => {
        return { ...rest, replayed: true };
      });
      expect(await again()).toEqual(expected);
      await scene.sessions.undo(scene.session, commands[0]?.clickId as ClickId, NOW);
      expect(await again()).toEqual(expected);
      await scene.remove('a');
      expect(await scene.appendedBy(async () => expect(await again()).toEqual(expected))).toEqual(
        [],
      );
      await refused(scene.object('a'), 'object_not_found');
    });

    it('A4 gives the same key and content the first answer, whatever the request', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const idempotency = { key: 'k', fingerprint: 'f' };
      const first = await scene.click('a', point(1), { idempotency });
      const events = await scene.appendedBy(async () => {
        expect(await scene.click('a', point(1), { idempotency })).toEqual({
          ...first,
          replayed: true,
        });
      });
      expect(events).toEqual([]);
    });

    it('A4 refuses the same key with other content', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1), { idempotency: { key: 'k', fingerprint: 'f' } });
      const other = scene.click('a', point(2), { idempotency: { key: 'k', fingerprint: 'g' } });
      await refused(other, 'idempotency_key_reused');
    });

    it('A4 lets a refused click be tried again with its key', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const idempotency = { key: 'k', fingerprint: 'f' };
      await refused(scene.click('a', point(1), { idempotency, ...OVERLOADED }), 'overloaded');
      const later = await scene.click('a', point(1), { idempotency });
      expect(later.replayed).toBe(false);
    });

    it('counter-example 2: a replay says whether the object still needs a call', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const command = scene.command('a', point(1));
      await scene.sessions.accept(scene.session, command);
      const before = await scene.sessions.accept(scene.session, command);
      expect(before).toMatchObject({ replayed: true, dirty: true });
      await scene.segment('a', 'm');
      const after = await scene.sessions.accept(scene.session, command);
      expect(after).toMatchObject({ replayed: true, dirty: false, revision: 1 });
    });

    it('L1 takes more clicks at one moment than one command takes', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = scene.command('a', point(1));
      const repeats = Array.from({ length: 40 }, () => first);
      const results = await Promise.all(
        repeats.map((command) => scene.sessions.accept(scene.session, command)),
      );
      // By two gateways, any of them may be the first.
      expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(new Set(results.map(({ clickId, revision }) => `${clickId} ${revision}`)).size).toBe(
        1,
      );
    });

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
