/** Clicks that come at one moment are taken by one script: each is answered by itself all the same. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageId } from '../../src/core/ids.ts';
import { point, Scene, typesOf } from '../contract/support.ts';
import { RedisServer } from './redis-server.ts';
import { openSessionEngine } from './session-engine.ts';

const OVERLOADED = { overloaded: { etaMs: 7_500 } };

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

describe('redis session store: clicks at one moment', () => {
  it('L1 takes clicks that come at the same moment as it takes them one after the other', async () => {
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    await scene.click('removed', point(1));
    await scene.remove('removed');
    await scene.click('a', point(1));
    await scene.segment('a', 'm');
    const idempotency = { key: 'k', fingerprint: 'f' };
    const first = scene.command('a', point(2), { idempotency });
    const given = [
      first,
      first,
      scene.command('a', point(2), { idempotency }),
      scene.command('a', point(2), { idempotency: { key: 'k', fingerprint: 'g' } }),
      scene.command('b', point(1), { imageId: imageId(`sha256-${'f'.repeat(64)}`) }),
      scene.command('b', point(3), OVERLOADED),
      scene.command('b', point(5)),
      scene.command('b', point(6), OVERLOADED),
      // Its prompt is that of a click that was answered.
      scene.command('removed', point(1)),
      scene.command('d', point(1)),
    ];
    const events = await scene.appendedBy(async () => {
      const results = await Promise.allSettled(
        given.map((command) => scene.sessions.accept(scene.session, command)),
      );
      const told = results.map((result) =>
        result.status === 'fulfilled'
          ? [result.value.objectId, result.value.revision, result.value.replayed]
          : (result.reason as { readonly code: string }).code,
      );
      expect(told).toEqual([
        ['a', 2, false],
        ['a', 2, true],
        ['a', 2, true],
        'idempotency_key_reused',
        'image_not_found',
        'overloaded',
        ['b', 1, false],
        ['b', 2, false],
        ['removed', 2, false],
        'limit_reached',
      ]);
    });
    expect(typesOf(events)).toEqual([
      ...['click.accepted', 'click.accepted', 'click.accepted'],
      ...['click.accepted', 'segment.completed'],
    ]);
    const { work } = await scene.begin('b');
    expect(work).toMatchObject({ revision: 2, prompt: { points: [{ x: 5 }, { x: 6 }] } });
  });
});
