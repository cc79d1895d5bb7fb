/** Who hears that there is something to claim, and when. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SegmentToken } from '../../../src/ports/work-queue.ts';
import { within } from '../../contract/support.ts';
import { freshPrefix } from '../engine-contracts.ts';
import { RedisServer } from '../redis-server.ts';
import { openGateway } from '../support.ts';
import { claim, mustClaim, token } from './claims.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const open = (prefix: string, on = server) => openGateway(on.url, prefix);

describe('redis pool of several gateways', () => {
  it('rings at the other gateways', async () => {
    const prefix = freshPrefix();
    await using one = await open(prefix);
    await using two = await open(prefix);
    const { promise, resolve } = Promise.withResolvers<void>();
    two.queue.onAvailable(resolve);
    await one.queue.enqueue(token('o'), { now: Date.now() });
    await expect(within('the bell', promise)).resolves.toBeUndefined();
  });

  it('rings at its own gateway when the command is sent, and once: a claim that is given then finds the token', async () => {
    const prefix = freshPrefix();
    await using one = await open(prefix);
    await using two = await open(prefix);
    await one.queue.setCeiling(5, 5);
    await claim(one, 'scripts are known');
    const claims: ReturnType<typeof claim>[] = [];
    const end = one.queue.onAvailable(() => void claims.push(claim(one, `ring ${claims.length}`)));
    const added = token('a');
    await one.queue.enqueue(added, { now: Date.now() });
    // Another's ring is heard after it.
    await two.queue.enqueue(token('b'), { now: Date.now() });
    await expect.poll(() => claims.length).toBe(2);
    expect((await claims[0])?.token).toEqual(added);
    end();
  });

  it('rings once more when the command was carried out later than it was sent', async () => {
    await using own = await RedisServer.start();
    await using engine = await open(freshPrefix(), own);
    await engine.queue.setCeiling(5, 5);
    await claim(engine, 'claims are known, entries are not');
    const found: (SegmentToken | undefined)[] = [];
    engine.queue.onAvailable(() => {
      void claim(engine, `ring ${found.length}`).then((lease) =>
        found.push(lease?.token as SegmentToken),
      );
    });
    const added = token('a');
    await engine.queue.enqueue(added, { now: Date.now() });
    await expect.poll(() => found.filter((one) => one !== undefined)).toEqual([added]);
  });

  it('rings at its own gateway for the end of a lease only if something waits or is offered again', async () => {
    const prefix = freshPrefix();
    await using one = await open(prefix);
    await using two = await open(prefix);
    const ceilingHeard = Promise.withResolvers<void>();
    const end = one.queue.onAvailable(ceilingHeard.resolve);
    await one.queue.setCeiling(5, 5);
    await ceilingHeard.promise;
    end();
    for (const name of ['first', 'clean', 'dirty'])
      await one.queue.enqueue(token(name), { now: Date.now() });
    // From here on the server knows all scripts, and carries them out in order.
    await one.queue.release(await mustClaim(one, 'first'), { dirty: false, now: Date.now() });
    const clean = await mustClaim(one, 'clean');
    const dirty = await mustClaim(one, 'dirty');
    let rings = 0;
    one.queue.onAvailable(() => {
      rings += 1;
    });
    const heard = Promise.withResolvers<void>();
    two.queue.onAvailable(heard.resolve);
    await one.queue.release(clean, { dirty: false, now: Date.now() });
    await heard.promise;
    expect(rings).toBe(0);
    await one.queue.release(dirty, { dirty: true, now: Date.now() });
    await expect.poll(() => rings).toBe(1);
  });
});
