import { describe, expect, test } from 'vitest';
import { imageId } from '../../src/core/ids.ts';
import { ProblemError } from '../../src/core/problem.ts';
import { meddle } from './support/faulty-engine.ts';
import { nameOf, openService, SIZE, uploadOf } from './support/service.ts';

describe('what images leave behind', () => {
  test('A9 a refused upload keeps nothing, and takes nothing away from the image that is there', async () => {
    const service = openService();
    const facts = await service.session();
    const image = { ...uploadOf('cat'), ...SIZE };
    const { images } = service.gateway;
    // At once: neither can see the other's image before it stores its bytes.
    const results = await Promise.allSettled([
      images.add(facts, { image }),
      images.add(facts, { image, reference: uploadOf('prior') }),
      images.add(facts, { image, embedding: uploadOf('features') }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    const { blob } = await images.find(facts, imageId(image.id));
    expect(blob.bytes).toBe(image.bytes);
    expect(await service.bare.blobs.get(nameOf('prior'))).toBeUndefined();
    expect(await service.bare.blobs.get(nameOf('features'))).toBeUndefined();
    await service.pass(1_000);
    expect(await service.logOf(facts.sessionId, 'image.ready')).toHaveLength(1);
  });

  test('A9 an upload whose answer is lost with the storage keeps its bytes: it may be in the log', async () => {
    const service = openService({
      wrap: (engine) =>
        meddle(engine, 'sessions', ['addImage'], async (call) => {
          await call();
          throw new ProblemError('storage_unavailable', 'the reply was lost');
        }),
    });
    const facts = await service.session();
    await expect(service.addImage(facts)).rejects.toThrow('the reply was lost');
    expect(await service.logOf(facts.sessionId, 'image.added')).toHaveLength(1);
    expect(await service.bare.blobs.get(nameOf('cat'))).toBeDefined();
  });

  test('A9 an upload whose companion finds no room keeps nothing of its image', async () => {
    let puts = 0;
    const service = openService({
      wrap: (engine) =>
        meddle(engine, 'blobs', ['put'], async (call) => {
          puts += 1;
          if (puts === 2) throw new ProblemError('storage_unavailable', 'full');
          return await call();
        }),
    });
    const facts = await service.session();
    const image = { ...uploadOf('cat'), ...SIZE };
    const adding = service.gateway.images.add(facts, { image, reference: uploadOf('prior') });
    await expect(adding).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(await service.bare.blobs.get(image.id)).toBeUndefined();
    expect(await service.logOf(facts.sessionId, 'image.added')).toHaveLength(0);
  });

  test('A10 a removed image is forgotten when the last session has left it', async () => {
    const service = openService();
    const [one, two] = [await service.session(), await service.session()];
    const image = await service.addImage(one);
    await service.addImage(two);
    await service.pass(1_000);
    const key = { tenant: one.tenant, imageId: image };
    await service.gateway.images.remove(one, image);
    expect(await service.bare.blobs.get(image)).toBeDefined();
    expect(await service.bare.images.find(key)).toMatchObject({ state: 'ready' });
    await service.gateway.sessions.remove(two.sessionId);
    expect(await service.bare.blobs.get(image)).toBeUndefined();
    expect(await service.bare.images.find(key)).toBeUndefined();
  });

  test('A10 an image that is removed before its turn is not prepared any more', async () => {
    const service = openService();
    const facts = await service.session();
    await service.addImage(facts, 'first');
    await service.gateway.images.remove(facts, await service.addImage(facts, 'second'));
    await service.pass(2_000);
    expect(service.server.encodes.map(({ image }) => image.imageId)).toEqual([nameOf('first')]);
  });

  test('A10 an image that is removed while a click on it begins is not held again', async () => {
    const hook: { run?: (() => Promise<void>) | undefined } = {};
    const service = openService({
      wrap: (engine) => ({
        ...engine,
        sessions: new Proxy(engine.sessions, {
          get: (target, name) => {
            const method = Reflect.get(target, name).bind(target);
            if (name !== 'begin') return method;
            return async (...args: unknown[]) => {
              const reply = await method(...args);
              await hook.run?.();
              return reply;
            };
          },
        }),
      }),
    });
    const { facts, image } = await service.readySession();
    hook.run = async () => {
      hook.run = undefined;
      await service.gateway.images.remove(facts, image);
    };
    await service.click(facts, image, 'left');
    await service.pass(5_000);
    const key = { tenant: facts.tenant, imageId: image };
    expect(await service.bare.images.find(key)).toBeUndefined();
    expect(service.server.encodes).toHaveLength(1);
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({
      waiting: 0,
      leased: 0,
    });
  });

  test('A10 a blob is given to whoever shows a signed address of it, while it is held', async () => {
    const service = openService();
    const { image } = await service.readySession();
    const query = { expires: '1', signature: 'x', tenant: 'default' };
    expect(await service.gateway.images.fetchSigned(image, query)).toBeDefined();
    expect(await service.gateway.images.fetchSigned(nameOf('none'), query)).toBeUndefined();
  });
});
