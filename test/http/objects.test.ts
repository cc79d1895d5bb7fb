import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CocoDataset } from '../../src/adapters/http/schema/coco.ts';
import type { Problem } from '../../src/core/problem.ts';
import { decodeRle, maskOfRuns } from '../../src/core/rle.ts';
import { FeatureServerError } from '../../src/ports/feature-server.ts';
import type { CocoRle } from '../../src/protocol/mask.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import {
  click,
  openSession,
  openWithImage,
  send,
  snapshotOf,
  startGateway,
} from '../support/http-gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** An object whose mask is there. */
async function masked(body: object = {}) {
  const { sessionId, imageId } = await openWithImage(gateway);
  const objectId = await add(sessionId, { imageId, ...body });
  return { sessionId, imageId, objectId };
}

async function add(sessionId: string, body: object): Promise<string> {
  const { objectId, links } = await click(gateway, sessionId, body);
  await send(gateway, 'GET', `${links.self}?wait=10`);
  return objectId;
}

describe('A16 the mask', () => {
  it('A16 is an 8-bit grey PNG of 0 and 255, equal to the JSON', async () => {
    const { sessionId, objectId } = await masked({ box: { x: 10, y: 4, width: 7, height: 6 } });
    const url = `${gateway.url}${paths.mask(sessionId, objectId)}`;

    const png = await fetch(url);
    const json = await fetch(url, { headers: { accept: 'application/json' } });

    const bytes = Buffer.from(await png.arrayBuffer());
    expect(png.headers.get('content-type')).toBe('image/png');
    // Bit depth and colour type of IHDR: 8, grey.
    expect([bytes[24], bytes[25]]).toEqual([8, 0]);
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    const mask = (await json.json()) as CocoRle;
    expect(mask.format).toBe('coco_rle');
    expect([info.height, info.width]).toEqual(mask.size);
    const grey = Buffer.from(data.filter((_value, i) => i % info.channels === 0));
    const wanted = maskOfRuns(decodeRle(mask), info).map((value) => value * 255);
    expect(grey.equals(Buffer.from(wanted))).toBe(true);
  });

  it('A16 ETag is the revision of the mask', async () => {
    const { sessionId, imageId, objectId } = await masked();
    const url = `${gateway.url}${paths.mask(sessionId, objectId)}`;

    const first = await fetch(url);
    const known = await fetch(url, { headers: { 'if-none-match': '"1"' } });
    await add(sessionId, { imageId, objectId, points: [{ x: 9, y: 9, label: 0 }] });
    const second = await fetch(url, { headers: { 'if-none-match': '"1"' } });

    expect(first.headers.get('etag')).toBe('"1"');
    expect(first.headers.get('vary')).toBe('Accept, Origin');
    expect(known.status).toBe(304);
    expect([second.status, second.headers.get('etag')]).toEqual([200, '"2"']);
  });

  it('A16 is a 404 while there is none', async () => {
    await using own = await startGateway();
    const release = own.features.hold();
    const { sessionId, imageId } = await openWithImage(own);
    const { objectId } = await click(own, sessionId, { imageId });

    const response = await send(own, 'GET', paths.mask(sessionId, objectId));
    release();

    expect(response.status).toBe(404);
    expect(((await response.json()) as Problem).code).toBe('not_found');
  });
});

describe('A16 objects', () => {
  it('A16 GET is the entry of the snapshot', async () => {
    const { sessionId, objectId } = await masked();

    const object = await (await send(gateway, 'GET', paths.object(sessionId, objectId))).json();

    expect(object).toEqual((await snapshotOf(gateway, sessionId)).objects[0]);
  });

  it('A16 PATCH sets, and null removes', async () => {
    const { sessionId, objectId } = await masked();
    const patch = async (body: object) =>
      await (await send(gateway, 'PATCH', paths.object(sessionId, objectId), body)).json();

    const set = await patch({ label: 'cup', color: '#f00', metadata: { a: 1 } });
    const removed = await patch({ label: null });

    expect(set).toMatchObject({ label: 'cup', color: '#f00', metadata: { a: 1 } });
    expect(removed).not.toHaveProperty('label');
    expect(removed).toMatchObject({ color: '#f00' });
  });

  it('A16 DELETE, then 404 on all of it', async () => {
    const { sessionId, objectId } = await masked();

    expect((await send(gateway, 'DELETE', paths.object(sessionId, objectId))).status).toBe(204);

    const gone = [
      ['GET', paths.object(sessionId, objectId)],
      ['DELETE', paths.object(sessionId, objectId)],
      ['GET', paths.mask(sessionId, objectId)],
      ['POST', paths.objectRetry(sessionId, objectId)],
    ] as const;
    for (const [method, path] of gone) {
      const response = await send(gateway, method, path);
      expect([method, path, response.status]).toEqual([method, path, 404]);
      expect(((await response.json()) as Problem).code).toBe('object_not_found');
    }
  });

  it('A16 retry is for objects that failed', async () => {
    await using own = await startGateway();
    own.features.answerWith(() => Promise.reject(new FeatureServerError('rejected', 'no')));
    const { sessionId, imageId } = await openWithImage(own);
    const { objectId, links } = await click(own, sessionId, { imageId });
    await send(own, 'GET', `${links.self}?wait=10`);
    own.features.hold()();

    const retried = await send(own, 'POST', paths.objectRetry(sessionId, objectId));

    expect(retried.status).toBe(202);
    expect(await retried.json()).toMatchObject({ objectId, queue: { state: expect.any(String) } });
    const again = await send(gateway, 'POST', paths.objectRetry(...(await fine())));
    expect(again.status).toBe(409);
  });

  const fine = async (): Promise<[string, string]> => {
    const { sessionId, objectId } = await masked();
    return [sessionId, objectId];
  };

  it.each(['a b', 'x'.repeat(65), '%00', '..%2f'])('A16 the object %s is a 404', async (id) => {
    const { sessionId } = await openSession(gateway);

    const response = await send(gateway, 'GET', paths.object(sessionId, encodeURI(id)));

    expect(response.status).toBe(404);
  });
});

describe('A16 export', () => {
  it('A16 is a COCO data set, the same each time', async () => {
    const { sessionId, imageId, objectId } = await masked({
      box: { x: 10, y: 4, width: 7, height: 6 },
    });
    await send(gateway, 'PATCH', paths.object(sessionId, objectId), { label: 'zebra' });
    await add(sessionId, { imageId, objectId: 'second' });
    await send(gateway, 'PATCH', paths.object(sessionId, 'second'), { label: 'ape' });
    await add(sessionId, { imageId, objectId: 'third', points: [{ x: 2, y: 2, label: 1 }] });
    const get = async () =>
      await (await send(gateway, 'GET', `${paths.export(sessionId)}?format=coco`)).text();

    const first = await get();

    expect(await get()).toBe(first);
    const data = JSON.parse(first) as CocoDataset;
    expect(data.images).toEqual([{ id: 1, file_name: imageId, width: 60, height: 40 }]);
    expect(data.categories).toEqual([
      { id: 1, name: 'ape', supercategory: '' },
      { id: 2, name: 'object', supercategory: '' },
      { id: 3, name: 'zebra', supercategory: '' },
    ]);
    expect(data.annotations).toMatchObject([
      { id: 1, image_id: 1, category_id: 3, bbox: [10, 4, 7, 6], area: 42, iscrowd: 0 },
      { id: 2, image_id: 1, category_id: 1 },
      { id: 3, image_id: 1, category_id: 2 },
    ]);
    expect(data.annotations[0]?.segmentation.size).toEqual([40, 60]);
  });

  it('A16 leaves out objects without a mask', async () => {
    await using own = await startGateway();
    const release = own.features.hold();
    const { sessionId, imageId } = await openWithImage(own);
    await click(own, sessionId, { imageId });

    const data = (await (await send(own, 'GET', paths.export(sessionId))).json()) as CocoDataset;
    release();

    expect(data).toMatchObject({ annotations: [], categories: [], images: [{ id: 1 }] });
  });

  it('A16 another format is a 400', async () => {
    const { sessionId } = await openSession(gateway);

    const response = await send(gateway, 'GET', `${paths.export(sessionId)}?format=voc`);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ path: 'format' }] });
  });
});
