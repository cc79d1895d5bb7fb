/** Commands that are carried out although nobody hears of it, and then once more. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { objectId } from '../../../src/core/ids.ts';
import {
  FAILED,
  freshSessionId,
  imageFacts,
  NOW,
  point,
  refused,
  Scene,
  TENANT,
} from '../../contract/support.ts';
import { RedisServer } from '../redis-server.ts';
import type { SessionEngine } from '../session-engine.ts';
import { openSessionEngine } from '../session-engine.ts';
import { logOf } from './scene-log.ts';

const A = objectId('a');

/** As if the reply to every command were lost, and the command sent once more. */
function loseEveryReply(engine: SessionEngine): void {
  const { commands } = engine.connections;
  const use = commands.use.bind(commands);
  vi.spyOn(commands, 'use').mockImplementation(async (command) => {
    await use(command);
    return await use(command);
  });
}

describe('commands whose replies are lost', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** All commands that append or answer, in a fixed order. */
  async function everything(engine: SessionEngine): Promise<{ scene: Scene; replies: unknown[] }> {
    const { sessions } = engine;
    const scene = await Scene.open(engine);
    const dog = imageFacts('dog');
    const replies: unknown[] = [];
    const note = async (reply: Promise<unknown>) => {
      replies.push(await reply);
    };
    await note(sessions.addImage(scene.session, dog, NOW));
    await note(sessions.settleImage(scene.session, dog.imageId, FAILED, NOW));
    const first = await scene.click('a', point(1));
    const second = await scene.click('a', point(2));
    await note(scene.segment('a', 'm').then(({ dirty }) => dirty));
    await note(sessions.patchObject(scene.session, A, { label: 'cat' }, NOW));
    await scene.undo(second);
    await note(scene.fail(await scene.begin('a')).then(({ dirty }) => dirty));
    await note(sessions.retryObject(scene.session, A, NOW));
    await note(scene.segment('a', 'n').then(({ dirty }) => dirty));
    await scene.undo(first);
    await scene.click('b', point(3));
    await note(scene.remove('b'));
    await note(sessions.removeImage(scene.session, dog.imageId, NOW));
    return { scene, replies };
  }

  it('L1 L2 L4 append once and answer the same', async () => {
    await using steady = await openSessionEngine(server);
    await using lossy = await openSessionEngine(server);
    loseEveryReply(lossy);
    const [plain, doubled] = [await everything(steady), await everything(lossy)];
    expect(withoutNames(doubled.replies)).toEqual(withoutNames(plain.replies));
    const events = await logOf(lossy, doubled.scene);
    expect(withoutNames(events)).toEqual(withoutNames(await logOf(steady, plain.scene)));
    expect(events.length).toBeGreaterThan(15);
    const images = await lossy.sessions.close(doubled.scene.session, 'deleted', NOW);
    expect(images?.map((image) => image.imageId)).toEqual([imageFacts().imageId]);
  });

  it('open a session once', async () => {
    await using engine = await openSessionEngine(server);
    loseEveryReply(engine);
    const sessionId = freshSessionId();
    const command = { sessionId, tenant: TENANT, subject: 'me', now: NOW };
    expect(await engine.sessions.open(command)).toMatchObject({ position: { sequence: 1 } });
    expect(await engine.log.extent(sessionId)).toMatchObject({ first: 1, last: 1 });
    await refused(engine.sessions.open(command), 'conflict');
  });
});

/** Without what differs between two sessions in which the same was done. */
function withoutNames(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/(ses|clk)_\w+/g, '$1')
    .replaceAll(/"epoch":\d+/g, '"epoch":0')
    .replaceAll(/"at":\d+/g, '"at":0');
  return JSON.parse(text);
}
