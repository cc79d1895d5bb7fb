import { describe, expect, test } from 'vitest';
import { fault } from './support/scripted-server.ts';
import { nameOf, openService, SIZE, uploadOf } from './support/service.ts';

describe('preparing images', () => {
  test('A11 an image is prepared when it is added: image.added, then image.ready', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const log = (await service.log(facts.sessionId)).slice(1);
    expect(log.map(({ type }) => type)).toEqual(['image.added', 'image.ready']);
    expect(log.map(({ payload }) => payload)).toEqual([
      expect.objectContaining({ imageId: image, status: 'preparing' }),
      expect.objectContaining({ imageId: image, status: 'ready' }),
    ]);
    expect(service.server.encodes).toHaveLength(1);
  });

  test('A11 a click on an image in preparation waits for it, and its mask comes', async () => {
    const service = openService({ concurrency: 4 });
    const facts = await service.session();
    service.server.encodeMs = 3_000;
    const image = await service.addImage(facts);
    await service.pass(100);
    const accepted = await service.click(facts, image, 'left');
    expect(accepted.queue.state).toBe('queued');
    await service.pass(2_800);
    expect(service.server.segments).toHaveLength(0);
    await service.pass(1_000);
    expect(service.server.encodes).toHaveLength(1);
    expect(service.server.segments[0]?.embeddingId).toBe(`embedding 1 of ${image}`);
    const [completed] = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed?.payload.covers).toEqual([accepted.clickId]);
  });

  test('A11 a click hurries the preparation of its image before those nobody waits for', async () => {
    const service = openService();
    const facts = await service.session();
    for (const name of ['one', 'two', 'three', 'last']) await service.addImage(facts, name);
    const last = await service.addImage(facts, 'last');
    await service.click(facts, last, 'left');
    await service.pass(5_000);
    expect(service.server.encodes.map(({ image }) => image.imageId)).toEqual(
      ['one', 'last', 'two', 'three'].map(nameOf),
    );
    expect(service.server.segments[0]?.at).toBeLessThan(service.server.encodes[2]?.at ?? 0);
  });

  test('A11 a preparation that fails for good is told, with the problem', async () => {
    const service = openService();
    const facts = await service.session();
    service.server.encodeFaults.push(fault('rejected'));
    const image = await service.addImage(facts);
    await service.pass(1_000);
    const [failed] = await service.logOf(facts.sessionId, 'image.failed');
    expect(failed?.payload).toMatchObject({
      imageId: image,
      status: 'failed',
      problem: { code: 'feature_server_rejected', detail: 'scripted rejected' },
    });
    expect(service.server.encodes).toHaveLength(1);
  });

  test('A11 a click that waits for a preparation that fails ends with its problem', async () => {
    const service = openService();
    const facts = await service.session();
    service.server.encodeFaults.push(fault('rejected'));
    const image = await service.addImage(facts);
    const { clickId } = await service.click(facts, image, 'left');
    await service.pass(1_000);
    const [failed] = await service.logOf(facts.sessionId, 'segment.failed');
    expect(failed?.payload).toMatchObject({
      covers: [clickId],
      problem: { code: 'feature_server_rejected' },
    });
    expect(service.server.segments).toHaveLength(0);
  });

  test('A11 a click on a failed image has it prepared anew', async () => {
    const service = openService();
    const facts = await service.session();
    service.server.encodeFaults.push(fault('rejected'));
    const image = await service.addImage(facts);
    await service.pass(1_000);
    const { clickId } = await service.click(facts, image, 'left');
    await service.pass(1_000);
    expect(service.server.encodes).toHaveLength(2);
    const types = (await service.log(facts.sessionId)).slice(2).map(({ type }) => type);
    expect(types).toEqual(['image.failed', 'click.accepted', 'image.ready', 'segment.completed']);
    expect((await service.gateway.clicks.state(facts, clickId)).status).toBe('completed');
  });

  test('A11 the same image in two sessions of a tenant is prepared once, and both are told', async () => {
    const service = openService();
    const [one, two] = [await service.session(), await service.session()];
    await service.addImage(one);
    await service.addImage(two);
    await service.pass(1_000);
    const third = await service.session();
    await service.addImage(third);
    await service.pass(1_000);
    expect(service.server.encodes).toHaveLength(1);
    for (const { sessionId } of [one, two, third]) {
      expect(await service.logOf(sessionId, 'image.ready')).toHaveLength(1);
    }
  });

  test('A11 an image that is ready at once is said to be', async () => {
    const service = openService();
    await service.readySession();
    const facts = await service.session();
    const added = await service.gateway.images.add(facts, {
      image: { ...uploadOf('cat'), ...SIZE },
    });
    expect(added).toMatchObject({ added: true, image: { status: 'ready' } });
  });

  test('A11 the same image of two tenants is prepared for each: nothing is shared', async () => {
    const service = openService();
    await service.addImage(await service.session('one'));
    await service.addImage(await service.session('two'));
    await service.pass(1_000);
    expect(service.server.encodes.map(({ tenant }) => tenant)).toEqual(['one', 'two']);
  });

  test('A11 an image that another session had prepared anew becomes ready with the next click', async () => {
    const service = openService();
    const [one, two] = [await service.session(), await service.session()];
    service.server.encodeFaults.push(fault('rejected'));
    const image = await service.addImage(one);
    await service.addImage(two);
    await service.pass(1_000);
    await service.click(one, image, 'left');
    await service.pass(1_000);
    await service.click(two, image, 'left');
    // No sweep has come by yet.
    await service.pass(1_000);
    const types = (await service.log(two.sessionId)).slice(2).map(({ type }) => type);
    expect(types).toEqual(['image.failed', 'click.accepted', 'image.ready', 'segment.completed']);
    expect(service.server.encodes).toHaveLength(2);
  });

  test('A9 an image with an embedding of its own needs no preparation', async () => {
    const service = openService();
    const facts = await service.session();
    const image = { ...uploadOf('cat'), ...SIZE };
    await service.gateway.images.add(facts, { image, embedding: uploadOf('emb') });
    await service.pass(100);
    expect(await service.logOf(facts.sessionId, 'image.ready')).toHaveLength(1);
    expect(service.server.encodes).toHaveLength(0);
  });

  test('B2 a server that does not encode is never asked to, also when it misses something', async () => {
    const service = openService({
      prepare: (server) => {
        server.facts = { ...server.facts, encode: false };
      },
    });
    const { facts, image } = await service.readySession();
    expect(await service.logOf(facts.sessionId, 'image.ready')).toHaveLength(1);
    service.server.segmentFaults.push(fault('missing'), fault('missing'), fault('missing'));
    await service.click(facts, image, 'left');
    await service.pass(20_000);
    expect(service.server.encodes).toHaveLength(0);
    const [failed] = await service.logOf(facts.sessionId, 'segment.failed');
    expect(failed?.payload.problem.code).toBe('feature_server_failed');
  });

  test('A11 a feature server that does not say what it is for a moment costs a retry, no lease', async () => {
    const service = openService();
    await service.pass(10);
    const facts = await service.session();
    service.server.infoFaults.push(fault('failed'));
    await service.addImage(facts);
    await service.pass(1_000);
    expect(await service.logOf(facts.sessionId, 'image.ready')).toHaveLength(1);
  });
});
