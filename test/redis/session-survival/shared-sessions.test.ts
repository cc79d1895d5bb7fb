/** Sessions that several gateways work on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOW, point, Scene, within } from '../../contract/support.ts';
import { RedisServer } from '../redis-server.ts';
import { freshKeys, openSessionEngine } from '../session-engine.ts';
import { logOf } from './scene-log.ts';

describe('sessions in redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('are the same on every gateway, which hear of what others do', async () => {
    const keys = freshKeys();
    await using one = await openSessionEngine(server, keys);
    await using other = await openSessionEngine(server, keys);
    const scene = await Scene.open(one);
    const heard = Promise.withResolvers<string>();
    const end = await other.log.subscribe(scene.session, {
      appended: (events) => heard.resolve(events.map((event) => event.type).join()),
      passing: () => undefined,
    });
    const click = await scene.click('a');
    expect(await within('the doorbell on the other gateway', heard.promise)).toBe('click.accepted');
    expect(await other.sessions.undo(scene.session, click.clickId, NOW)).toMatchObject({
      revision: 2,
    });
    expect(await logOf(one, scene)).toEqual(await logOf(other, scene));
    end();
  });

  it('apply clicks of two gateways on one object one after the other', async () => {
    const keys = freshKeys();
    await using one = await openSessionEngine(server, keys);
    await using other = await openSessionEngine(server, keys);
    const scene = await Scene.open(one);
    const accepted = await Promise.all(
      [1, 2, 3, 4].map((x) => {
        const { sessions } = x % 2 === 0 ? one : other;
        return sessions.accept(scene.session, scene.command('a', point(x)));
      }),
    );
    expect(accepted.map(({ revision }) => revision).toSorted()).toEqual([1, 2, 3, 4]);
    const call = await scene.begin('a');
    const { work } = call;
    expect(work.prompt.points).toHaveLength(4);
    expect(await scene.answer(call, 'm')).toEqual({ accepted: true, dirty: false });
  });

  it('go on when the server has forgotten the scripts', async () => {
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    await scene.click('a', point(1));
    await engine.connections.commands.use((client) => client.script('FLUSH'));
    expect(await scene.click('a', point(2))).toMatchObject({ revision: 2 });
  });
});
