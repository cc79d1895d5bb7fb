/** How many answers a session remembers, and how large ones. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTRACT_SETTINGS, point, Scene } from '../../contract/support.ts';
import { RedisServer } from '../redis-server.ts';
import { freshKeys, openSessionEngine } from '../session-engine.ts';

describe('sessions in redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('A13 remember the newest 256 answers', async () => {
    const settings = { ...CONTRACT_SETTINGS, maxPointsPerObject: 300 };
    await using engine = await openSessionEngine(server, freshKeys(), settings);
    const scene = await Scene.open(engine);
    const spot = (n: number) => point(n % 100, Math.floor(n / 100));
    const answer = async (n: number) => {
      await scene.click('a', spot(n));
      await scene.segment('a', `answer ${n}`);
      await scene.remove('a');
    };
    for (let n = 0; n <= 256; n += 1) await answer(n);
    expect(await scene.click('b', spot(0))).toMatchObject({ dirty: true });
    expect(await scene.click('c', spot(1))).toMatchObject({ dirty: false });
    expect(await scene.object('c')).toMatchObject({ result: { mask: { counts: 'answer 1' } } });
  });

  it('A13 remember large answers up to 4 MiB', async () => {
    await using engine = await openSessionEngine(server);
    const scene = await Scene.open(engine);
    const large = (n: number) => String(n).padEnd(1_000_000, '0');
    for (const n of [0, 1, 2, 3, 4]) {
      await scene.click('a', point(n));
      await scene.segment('a', large(n));
      await scene.remove('a');
    }
    expect(await scene.click('b', point(0))).toMatchObject({ dirty: true });
    expect(await scene.click('c', point(1))).toMatchObject({ dirty: false });
  });
});
