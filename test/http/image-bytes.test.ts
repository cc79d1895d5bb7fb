import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import type { ImageBody } from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession } from '../support/http-gateway.ts';
import { noise } from '../support/http-images.ts';
import { startForUploads, upload } from './image-uploads.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startForUploads();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A10 the bytes come back', () => {
  const stored = async () => {
    const { sessionId } = await openSession(gateway);
    const bytes = await noise('jpeg');
    const { imageId } = (await (
      await upload(gateway, sessionId, bytes, 'image/jpeg')
    ).json()) as ImageBody;
    const url = `${gateway.url}${paths.image(sessionId, imageId)}`;
    return { bytes, imageId, url };
  };

  it('A10 as uploaded, cacheable for ever', async () => {
    const { bytes, imageId, url } = await stored();

    const response = await fetch(url);

    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      etag: `"${imageId}"`,
      'cache-control': 'private, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
    });
  });

  it('A10 HEAD says the same without the bytes', async () => {
    const { bytes, imageId, url } = await stored();

    const response = await fetch(url, { method: 'HEAD' });

    expect(response.headers.get('content-length')).toBe(String(bytes.length));
    expect(response.headers.get('etag')).toBe(`"${imageId}"`);
  });

  it.each([
    ['exact', ''],
    ['weak', 'W/'],
  ])('A10 If-None-Match, %s', async (_what, prefix) => {
    const { imageId, url } = await stored();

    const response = await fetch(url, {
      headers: { 'if-none-match': `"x", ${prefix}"${imageId}"` },
    });

    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
  });

  it.each([
    { range: 'bytes=0-9', start: 0, end: 10 },
    { range: 'bytes=100-', start: 100, end: undefined },
    { range: 'bytes=-7', start: -7, end: undefined },
    { range: 'bytes=5-99999999', start: 5, end: undefined },
  ])('A10 $range', async ({ range, start, end }) => {
    const { bytes, url } = await stored();

    const response = await fetch(url, { headers: { range } });

    const wanted = bytes.subarray(start, end);
    expect(response.status).toBe(206);
    expect(Buffer.from(await response.arrayBuffer()).equals(wanted)).toBe(true);
    expect(response.headers.get('content-length')).toBe(String(wanted.length));
  });

  it.each(['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-', 'bytes=a-b'])(
    'A10 %s is no single range, so the whole comes',
    async (range) => {
      const { bytes, url } = await stored();

      const response = await fetch(url, { headers: { range } });

      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBe(bytes.length);
    },
  );

  it('A10 a range of nothing is a 416 that says how much there is', async () => {
    const { bytes, url } = await stored();

    const response = await fetch(url, { headers: { range: 'bytes=9999999-' } });

    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${bytes.length}`);
    expect(await response.json()).toMatchObject({ code: 'invalid_request', status: 416 });
  });

  it('A10 If-Range of another image brings the whole', async () => {
    const { url } = await stored();

    const response = await fetch(url, { headers: { range: 'bytes=0-1', 'if-range': '"x"' } });

    expect(response.status).toBe(200);
  });

  it('A10 DELETE, then 404', async () => {
    const { url } = await stored();

    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
    const gone = await fetch(url);

    expect(((await gone.json()) as Problem).code).toBe('image_not_found');
  });
});
