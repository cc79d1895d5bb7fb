/** Clicks that come at one moment are taken by one script: each is answered by itself all the same. */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import type { AcceptClick } from '../../src/ports/session-store.ts';
import { NOW, point, Scene, typesOf } from '../contract/support.ts';
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

  it('L1 answers and writes the same as for clicks one after the other', async () => {
    await using engine = await openSessionEngine(server);
    await fc.assert(
      fc.asyncProperty(fc.array(CLICK, { minLength: 2, maxLength: 20 }), async (clicks) => {
        const [atOnce, inTurn] = [await openScene(engine), await openScene(engine)];
        const commands = commandsOf(atOnce, clicks);
        let expected: unknown[] = [];
        const expectedEvents = await inTurn.appendedBy(async () => {
          for (const command of commands) expected = [...expected, await accept(inTurn, command)];
        });
        const events = await atOnce.appendedBy(async () => {
          const told = await Promise.all(commands.map((command) => accept(atOnce, command)));
          expect(told).toEqual(expected);
        });
        expect(contentOf(events)).toEqual(contentOf(expectedEvents));
        expect(await objectsOf(atOnce)).toEqual(await objectsOf(inTurn));
      }),
      { numRuns: 40 },
    );
  });
});

const CLICK = fc.record({
  object: fc.constantFrom('a', 'a', 'b', 'removed', 'd'),
  x: fc.constantFrom(1, 2, 3, 200),
  /** It is the same command as that one. */
  like: fc.option(fc.nat({ max: 5 }), { freq: 4, nil: undefined }),
  key: fc.option(fc.constantFrom('k', 'l'), { freq: 3, nil: undefined }),
  overloaded: fc.boolean(),
});
type Click = typeof CLICK extends fc.Arbitrary<infer Value> ? Value : never;

function commandsOf(scene: Scene, clicks: readonly Click[]): readonly AcceptClick[] {
  const commands: AcceptClick[] = [];
  for (const { object, x, like, key, overloaded } of clicks) {
    const command = scene.command(object, point(x), {
      now: NOW,
      idempotency: key === undefined ? undefined : { key, fingerprint: `${x}` },
      ...(overloaded ? OVERLOADED : {}),
    });
    commands.push(commands[like ?? commands.length] ?? command);
  }
  return commands;
}

async function accept({ sessions, session }: Scene, command: AcceptClick): Promise<unknown> {
  try {
    const { position, ...changed } = await sessions.accept(session, command);
    return { ...changed, sequence: position.sequence };
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

/** With an object that has an answer, and one that was removed. */
async function openScene(engine: Engine): Promise<Scene> {
  const scene = await Scene.open(engine);
  await scene.click('removed', point(1));
  await scene.remove('removed');
  await scene.click('a', point(1));
  await scene.segment('a', 'm');
  return scene;
}

/** Epochs differ from session to session. */
const contentOf = (events: readonly LoggedEvent[]) =>
  events.map(({ type, payload, position }) => [position.sequence, type, payload]);

/** The click of the scene itself has another id in each session. */
async function objectsOf(scene: Scene): Promise<readonly unknown[]> {
  const cut = await scene.sessions.snapshot(scene.session);
  return (cut?.snapshot.objects ?? []).map(({ clicks, result: _, ...rest }) => {
    return { ...rest, clicks: clicks.map(({ clickId: __, ...click }) => click) };
  });
}
