import { describe, expect, it } from 'vitest';
import { formatCursor } from '../../../src/core/cursor.ts';
import { objectId } from '../../../src/core/ids.ts';
import type { OpenEngine } from '../support.ts';
import {
  CONTRACT_SETTINGS,
  freshClickId,
  freshSessionId,
  imageFacts,
  NOW,
  point,
  refused,
  Scene,
  TENANT,
} from '../support.ts';

const TTL = CONTRACT_SETTINGS.sessionTtlMs;

export function lifetimeContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} session store: opening, expiry and closing`, () => {
    it('A6 opens a session with its first event', async () => {
      await using engine = await open();
      const sessionId = freshSessionId();
      const facts = { sessionId, tenant: TENANT, subject: 'me' };
      const more = { name: 'my cats', metadata: { project: 7 } };
      const opened = await engine.sessions.open({ ...facts, ...more, now: NOW });
      expect(opened).toMatchObject({ position: { sequence: 1 }, expiresAt: NOW + TTL });
      expect(await engine.sessions.find(sessionId)).toEqual({ ...facts, expiresAt: NOW + TTL });
      const page = await engine.log.read(sessionId, { epoch: 0, sequence: 0 }, 10);
      expect(page?.events).toMatchObject([
        {
          type: 'session.opened',
          at: NOW,
          position: opened.position,
          payload: { sessionId, ...more, expiresAt: new Date(NOW + TTL).toISOString() },
        },
      ]);
    });

    it('L14 gives the result of durable commands, and their refusals', async () => {
      await using engine = await open();
      const { session, sessions, image } = await Scene.open(engine);
      const click = sessions.durably(async (commands) => {
        const command = { clickId: freshClickId(), objectId: objectId('a') };
        const { imageId } = image;
        return await commands.accept(session, { ...command, imageId, part: point(1), now: NOW });
      });
      await expect(click).resolves.toMatchObject({ revision: 1, dirty: true });
      await expect(sessions.durably(async () => 'nothing')).resolves.toBe('nothing');
      const gone = sessions.durably((all) => all.removeObject(session, objectId('b'), NOW));
      await refused(gone, 'object_not_found');
      await expect(engine.durable()).resolves.toBeUndefined();
    });

    it('A19 starts an epoch not before the time of its making', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      expect((await scene.position()).epoch).toBeGreaterThanOrEqual(NOW);
    });

    it('A7 shows everything as of one position', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const click = await scene.click('a', point(1), { clientRef: 'r' });
      await scene.segment('a', 'm');
      await scene.click('a', point(2));
      const cut = await engine.sessions.snapshot(scene.session);
      expect(cut?.position).toEqual(await scene.position());
      expect(cut?.snapshot).toMatchObject({
        sessionId: scene.session,
        cursor: formatCursor(await scene.position()),
        expiresAt: new Date(NOW + TTL).toISOString(),
        images: [{ imageId: scene.image.imageId, status: 'preparing' }],
        objects: [
          {
            objectId: 'a',
            revision: 2,
            status: 'queued',
            clicks: [
              { clickId: click.clickId, points: [{ x: 1 }], clientRef: 'r', pending: false },
              { points: [{ x: 2 }], pending: true },
            ],
            result: { revision: 1, covers: [click.clickId] },
          },
        ],
      });
      expect(await engine.sessions.snapshot(freshSessionId())).toBeUndefined();
    });

    it('A8 expires what is not touched, and nothing else', async () => {
      await using engine = await open();
      const idle = await Scene.open(engine);
      const used = await Scene.open(engine);
      expect(await engine.sessions.touch(used.session, NOW + 1_000)).toBe(true);
      expect(await engine.sessions.expired(NOW + TTL - 1)).not.toContain(idle.session);
      const expired = await engine.sessions.expired(NOW + TTL + 500);
      expect(expired).toContain(idle.session);
      expect(expired).not.toContain(used.session);
      expect(await engine.sessions.find(used.session)).toMatchObject({
        expiresAt: NOW + 1_000 + TTL,
      });
    });

    it('A8 closes a session and hands back the images that it held', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await engine.sessions.addImage(scene.session, imageFacts('dog'), NOW);
      const images = await engine.sessions.close(scene.session, 'deleted', scene.tick());
      expect(images?.map((image) => image.imageId)).toEqual([
        scene.image.imageId,
        imageFacts('dog').imageId,
      ]);
      expect(await engine.sessions.close(scene.session, 'deleted', NOW)).toBeUndefined();
      expect(await engine.sessions.find(scene.session)).toBeUndefined();
      expect(await engine.sessions.snapshot(scene.session)).toBeUndefined();
      expect(await engine.sessions.expired(NOW + 2 * TTL)).not.toContain(scene.session);
    });

    it('L8 makes no session out of commands on one that is gone', async () => {
      await using engine = await open();
      const gone = await Scene.open(engine);
      const click = await gone.click('a');
      await engine.sessions.close(gone.session, 'expired', NOW);
      const { sessions } = engine;
      const object = objectId('a');
      const { imageId } = gone.image;
      const commands = [
        gone.click('a'),
        gone.undo(click),
        gone.state({ clickId: freshClickId() }),
        gone.object('a'),
        gone.remove('a'),
        sessions.addImage(gone.session, gone.image, NOW),
        sessions.image(gone.session, imageId),
        sessions.removeImage(gone.session, imageId, NOW),
        sessions.patchObject(gone.session, object, { label: 'x' }, NOW),
        sessions.retryObject(gone.session, object, NOW),
      ];
      await Promise.all(commands.map((command) => refused(command, 'session_not_found')));
      await sessions.settleImage(gone.session, imageId, undefined, NOW);
      expect(await sessions.touch(gone.session, NOW)).toBe(false);
      expect(await sessions.dirty(gone.session)).toEqual({ objects: [], images: [] });
      expect(await sessions.find(gone.session)).toBeUndefined();
      expect(await engine.log.extent(gone.session)).toBeUndefined();
    });

    it('L1 carries out commands that come at once one after the other', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const answers = await Promise.all([1, 2, 3, 4, 5].map((x) => scene.click('a', point(x))));
      const revisions = answers.map((answer) => answer.revision);
      expect(revisions.toSorted()).toEqual([1, 2, 3, 4, 5]);
      const sequences = answers.map((answer) => answer.position.sequence).toSorted((a, b) => a - b);
      expect(sequences).toEqual([3, 4, 5, 6, 7]);
      expect(await scene.object('a')).toMatchObject({ revision: 5 });
    });
  });
}
