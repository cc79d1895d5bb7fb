/** MASKWIRE_DURABILITY=replicated: nobody is told of a change that the replica has not (L14). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectId } from '../../../src/core/ids.ts';
import {
  freshSessionId,
  NOW,
  point,
  refused,
  Scene,
  TENANT,
  within,
} from '../../contract/support.ts';
import { freshPrefix } from '../engine-contracts.ts';
import { durable, openReplicated, promised } from './replicated-engine.ts';
import type { Pair } from './replicated-pair.ts';
import { BOUND_MS, clientOf, LAG_MS, startPair } from './replicated-pair.ts';

describe('L14 replicated', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  it('L14 tells of nothing that the replica has not', async () => {
    await using engine = await openReplicated(pair.primary.url, freshPrefix());
    await using replica = clientOf(pair.replica);
    const scene = await Scene.open(engine);
    pair.link.set({ latencyMs: LAG_MS });
    try {
      for (let click = 1; click <= 5; click += 1) {
        const { position } = await promised(scene, scene.command('a', point(click)));
        const [key = ''] = await replica.keys(`*{${scene.session}}:state`);
        expect(Number(await replica.hget(key, 'last'))).toBeGreaterThanOrEqual(position.sequence);
      }
    } finally {
      pair.link.set({});
    }
  });

  it('L14 refuses every change while the replica hears nothing, and goes on when it does', async () => {
    await using engine = await openReplicated(pair.primary.url, freshPrefix());
    const scene = await Scene.open(engine);
    const { sessions } = engine;
    const { session, image } = scene;
    const clicked = await scene.click('a');
    await scene.click('b');
    await scene.fail(await scene.begin('b'));
    const doomed = freshSessionId();
    const opening = { tenant: TENANT, subject: 'suite', now: NOW };
    await sessions.open({ ...opening, sessionId: doomed });
    const object = objectId('a');
    const changes = {
      open: () => sessions.durably((all) => all.open({ ...opening, sessionId: freshSessionId() })),
      addImage: () => sessions.durably((all) => all.addImage(session, image, scene.tick())),
      accept: () => promised(scene, scene.command('a', point(7))),
      undo: () => sessions.durably((all) => all.undo(session, clicked.clickId, scene.tick())),
      patchObject: () =>
        sessions.durably((all) => all.patchObject(session, object, { label: 'l' }, scene.tick())),
      retryObject: () =>
        sessions.durably((all) => all.retryObject(session, objectId('b'), scene.tick())),
      removeObject: () =>
        sessions.durably((all) => all.removeObject(session, object, scene.tick())),
      removeImage: () =>
        sessions.durably((all) => all.removeImage(session, image.imageId, scene.tick())),
      close: () => sessions.durably((all) => all.close(doomed, 'deleted', scene.tick())),
      put: () =>
        engine.blobs.put('id', { bytes: new Uint8Array(9), contentType: 'image/png' }, 'holder'),
    };
    pair.replica.freeze();
    try {
      // Nobody is told anything of what is done outside of `durably`.
      await expect(scene.click('c', point(3))).resolves.toMatchObject({ revision: 1 });
      for (const [name, change] of Object.entries(changes)) {
        await within(name, refused(change(), 'storage_unavailable'), BOUND_MS);
      }
      await within('readiness', refused(engine.durable(), 'storage_unavailable'), BOUND_MS);
    } finally {
      pair.replica.thaw();
    }
    await durable(engine);
    await expect(changes.open()).resolves.toBeDefined();
    await expect(changes.put()).resolves.toBeUndefined();
  });

  it('L14 takes what was refused when it is sent again, as a replay', async () => {
    await using engine = await openReplicated(pair.primary.url, freshPrefix());
    const scene = await Scene.open(engine);
    const idempotency = { key: 'k', fingerprint: 'f' };
    pair.replica.freeze();
    try {
      const first = promised(scene, scene.command('a', point(1), { idempotency }));
      await within('an answer', refused(first, 'storage_unavailable'), BOUND_MS);
      // A replay is as durable as a first answer.
      const second = promised(scene, scene.command('a', point(1), { idempotency }));
      await within('an answer', refused(second, 'storage_unavailable'), BOUND_MS);
    } finally {
      pair.replica.thaw();
    }
    await durable(engine);
    const third = await promised(scene, scene.command('a', point(1), { idempotency }));
    expect(third).toMatchObject({ replayed: true, dirty: true, revision: 1 });
    const { clicks } = await scene.object('a');
    expect(clicks).toHaveLength(1);
  });

  it('L14 confirms what may be removed when Redis is full', async () => {
    await using engine = await openReplicated(pair.primary.url, freshPrefix());
    const scene = await Scene.open(engine);
    await using client = clientOf(pair.primary);
    await client.config('SET', 'maxmemory', '1');
    try {
      await refused(promised(scene, scene.command('a', point(1))), 'storage_unavailable');
      const closed = scene.sessions.durably((all) => all.close(scene.session, 'deleted', NOW));
      await expect(closed).resolves.toHaveLength(1);
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
  });
});
