import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import type { ImageBody } from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, snapshotOf, startGateway } from '../support/http-gateway.ts';
import { noise, plainPng, pngClaiming, sidewaysJpeg } from '../support/http-images.ts';
import { rawExchange } from '../support/http-raw.ts';

const LIMIT = 256 * 1024;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ settings: { maxImageBytes: LIMIT, maxImages: 100 } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

type Body = Uint8Array | FormData | string;

const upload = (sessionId: string, body: Body, type?: string): Promise<Response> =>
  fetch(`${gateway.url}${paths.images(sessionId)}`, {
    method: 'POST',
    body: body as NonNullable<RequestInit['body']>,
    headers: type === undefined ? {} : { 'content-type': type },
  });

const form = (parts: Readonly<Record<string, Uint8Array | string>>): FormData => {
  const data = new FormData();
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part === 'string') data.append(name, part);
    else data.append(name, new Blob([part as Uint8Array<ArrayBuffer>]), `${name}.bin`);
  }
  return data;
};

const idOf = (bytes: Uint8Array) => `sha256-${createHash('sha256').update(bytes).digest('hex')}`;

describe('A9 images that are taken', () => {
  it.each(['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const)(
    'A9 a raw %s, whatever it is called',
    async (format) => {
      const { sessionId } = await openSession(gateway);
      const bytes = await noise(format);

      const response = await upload(sessionId, bytes, 'image/x-anything');

      expect(response.status).toBe(201);
      const image = (await response.json()) as ImageBody;
      expect(image).toMatchObject({
        imageId: idOf(bytes),
        width: 120,
        height: 80,
        bytes: bytes.length,
        contentType: `image/${format}`,
        hasReference: false,
        hasEmbedding: false,
      });
      expect(response.headers.get('location')).toBe(paths.image(sessionId, image.imageId));
    },
  );

  it('A9 a form with reference, embedding and name', async () => {
    const { sessionId } = await openSession(gateway);
    const parts = {
      image: await plainPng(8, 8),
      reference: await plainPng(4, 4),
      embedding: Buffer.from([1, 2, 3]),
      name: 'Bär.png',
    };

    const response = await upload(sessionId, form(parts));

    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      name: 'Bär.png',
      hasReference: true,
      hasEmbedding: true,
    });
  });

  it('A9 the same again is a 200, with other companions a 409', async () => {
    const { sessionId } = await openSession(gateway);
    const image = await plainPng(9, 9);

    expect((await upload(sessionId, image, 'image/png')).status).toBe(201);
    expect((await upload(sessionId, image, 'image/png')).status).toBe(200);
    const other = await upload(sessionId, form({ image, reference: await plainPng(3, 3) }));

    expect(other.status).toBe(409);
    expect(((await other.json()) as Problem).code).toBe('conflict');
  });

  it('A1 sizes are those of the upright image', async () => {
    const { sessionId } = await openSession(gateway);

    const response = await upload(sessionId, await sidewaysJpeg(64, 48), 'image/jpeg');

    expect(await response.json()).toMatchObject({ width: 48, height: 64 });
  });
});

describe('A9 images that are refused, and leave nothing behind', () => {
  const cut = async (format: 'jpeg' | 'png' | 'webp' | 'avif' | 'tiff' | 'gif') => {
    const bytes = await noise(format);
    return bytes.subarray(0, Math.floor(bytes.length / 2));
  };
  const lie = async () => {
    const bytes = Buffer.from(await noise('png'));
    bytes.fill(0x55, 60, 400);
    return bytes;
  };

  const cases: readonly {
    readonly what: string;
    readonly body: () => Promise<Body> | Body;
    readonly type?: string;
    readonly status: number;
    readonly code: string;
  }[] = [
    ...(['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const).map((format) => ({
      what: `a truncated ${format}`,
      body: () => cut(format),
      type: `image/${format}`,
      status: 415,
      code: 'unsupported_image',
    })),
    {
      what: 'a PNG with garbage inside',
      body: lie,
      type: 'image/png',
      status: 415,
      code: 'unsupported_image',
    },
    {
      what: 'an SVG',
      body: () => '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      type: 'image/svg+xml',
      status: 415,
      code: 'unsupported_image',
    },
    {
      what: 'a PDF',
      body: () => '%PDF-1.7\n',
      type: 'image/png',
      status: 415,
      code: 'unsupported_image',
    },
    {
      what: 'HTML',
      body: () => '<!doctype html>',
      type: 'image/png',
      status: 415,
      code: 'unsupported_image',
    },
    {
      what: 'a signature alone',
      body: () => Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      type: 'image/png',
      status: 415,
      code: 'unsupported_image',
    },
    {
      what: 'a PNG without pixels',
      body: () => pngClaiming(0, 5),
      type: 'image/png',
      status: 415,
      code: 'unsupported_image',
    },
    {
      what: 'a PNG that claims more than it holds',
      body: () => pngClaiming(2_000, 2_000),
      type: 'image/png',
      status: 415,
      code: 'unsupported_image',
    },
    {
      what: 'an empty body',
      body: () => new Uint8Array(),
      type: 'image/png',
      status: 400,
      code: 'invalid_request',
    },
    {
      what: 'JSON',
      body: () => '{"imageUrl":"https://example.com/a.png"}',
      type: 'application/json',
      status: 415,
      code: 'unsupported_media_type',
    },
    {
      what: 'bytes of no type',
      body: async () => await noise('png'),
      status: 415,
      code: 'unsupported_media_type',
    },
    {
      what: 'a raw image that is too large',
      body: () => new Uint8Array(LIMIT + 1),
      type: 'image/png',
      status: 413,
      code: 'payload_too_large',
    },
    {
      what: 'a part that is too large',
      body: () => form({ image: new Uint8Array(LIMIT + 1) }),
      status: 413,
      code: 'payload_too_large',
    },
    {
      what: 'an embedding that is too large',
      body: async () => form({ image: await plainPng(7, 7), embedding: new Uint8Array(LIMIT + 1) }),
      status: 413,
      code: 'payload_too_large',
    },
    {
      what: 'a form without image',
      body: () => form({ name: 'x' }),
      status: 400,
      code: 'invalid_request',
    },
    {
      what: 'an unknown part',
      body: async () => form({ image: await plainPng(7, 7), more: 'x' }),
      status: 400,
      code: 'invalid_request',
    },
    {
      what: 'a long name',
      body: async () => form({ image: await plainPng(7, 7), name: 'x'.repeat(201) }),
      status: 400,
      code: 'invalid_request',
    },
    {
      what: 'a reference that is no image',
      body: async () => form({ image: await plainPng(7, 7), reference: 'x' }),
      status: 415,
      code: 'unsupported_image',
    },
    {
      what: 'a form without boundary',
      body: () => 'x',
      type: 'multipart/form-data',
      status: 400,
      code: 'invalid_request',
    },
    {
      what: 'a form that ends early',
      body: () => '--b\r\nContent-Disposition: form-data; name="image"\r\n\r\nabc',
      type: 'multipart/form-data; boundary=b',
      status: 400,
      code: 'invalid_request',
    },
    {
      what: 'a form that is none',
      body: () => 'hello',
      type: 'multipart/form-data; boundary=b',
      status: 400,
      code: 'invalid_request',
    },
  ];

  it.each(cases)('A9 $what is a $status $code', async ({ body, type, status, code }) => {
    const { sessionId } = await openSession(gateway);
    const { cursor } = await snapshotOf(gateway, sessionId);

    const response = await upload(sessionId, await body(), type);

    const problem = (await response.json()) as Problem;
    expect({ status: response.status, code: problem.code }).toEqual({ status, code });
    expect(await snapshotOf(gateway, sessionId)).toMatchObject({ cursor, images: [] });
  });

  it('A9 a part given twice is named', async () => {
    const { sessionId } = await openSession(gateway);
    const data = form({ image: await plainPng(7, 7) });
    data.append('image', new Blob(['x']), 'again.png');

    const response = await upload(sessionId, data);

    expect(((await response.json()) as Problem).errors).toEqual([
      { path: 'image', message: 'is given twice' },
    ]);
  });

  it('A9 ten thousand parts are given up at once', async () => {
    const { sessionId } = await openSession(gateway);
    const part = '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n';

    const response = await upload(
      sessionId,
      part.repeat(10_000),
      'multipart/form-data; boundary=b',
    );

    expect(response.status).toBe(400);
  });

  it('A9 2.5 gigapixels are refused from the header, for nothing', async () => {
    const { sessionId } = await openSession(gateway);
    const bomb = pngClaiming(50_000, 50_000);
    await upload(sessionId, bomb, 'image/png');
    const memory = process.memoryUsage.rss();

    for (let i = 0; i < 5; i++) {
      const response = await upload(sessionId, bomb, 'image/png');
      expect(response.status).toBe(422);
      expect(((await response.json()) as Problem).code).toBe('image_too_many_pixels');
    }

    expect(process.memoryUsage.rss() - memory).toBeLessThan(32 * 1024 * 1024);
  });

  it('A14 the image beyond the limit is a 409 that names it', async () => {
    await using small = await startGateway({ settings: { maxImages: 1 } });
    const { sessionId } = await openSession(small);
    const post = async (width: number) =>
      fetch(`${small.url}${paths.images(sessionId)}`, {
        method: 'POST',
        body: (await plainPng(width, 9)) as Uint8Array<ArrayBuffer>,
        headers: { 'content-type': 'image/png' },
      });

    expect((await post(5)).status).toBe(201);
    const response = await post(6);

    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'limit_reached', limit: 'maxImages' });
  });
});

describe('A5 bodies larger than allowed, on the wire', () => {
  const head = (sessionId: string, ...headers: readonly string[]) =>
    [
      `POST ${paths.images(sessionId)} HTTP/1.1`,
      'Host: localhost',
      'Content-Type: image/png',
      ...headers,
      '',
      '',
    ].join('\r\n');

  it('A9 a 413 comes before the rest is read', async () => {
    const { sessionId } = await openSession(gateway);
    const announced = 1024 * 1024 * 1024;

    const [answer] = await rawExchange(
      gateway.port,
      head(sessionId, `Content-Length: ${announced}`),
      new Uint8Array(1024),
    );

    expect(answer?.status).toBe(413);
    expect(answer?.headers.get('connection')).toBe('close');
  });

  it('A9 a chunked body of nothing is a 400', async () => {
    const { sessionId } = await openSession(gateway);

    const [answer] = await rawExchange(
      gateway.port,
      head(sessionId, 'Transfer-Encoding: chunked', 'Connection: close'),
      '0\r\n\r\n',
    );

    expect(answer?.status).toBe(400);
  });

  it('A9 with Expect: 100-continue the body is never asked for', async () => {
    const { sessionId } = await openSession(gateway);

    const answers = await rawExchange(
      gateway.port,
      head(sessionId, `Content-Length: ${LIMIT + 1}`, 'Expect: 100-continue'),
    );

    expect(answers.map((answer) => answer.status)).toEqual([413]);
  });

  it('A9 with Expect: 100-continue a good body is asked for', async () => {
    const { sessionId } = await openSession(gateway);
    const image = await plainPng(5, 5);
    const headers = [
      `Content-Length: ${image.length}`,
      'Expect: 100-continue',
      'Connection: close',
    ];

    const answers = await rawExchange(gateway.port, head(sessionId, ...headers), image);

    expect(answers.map((answer) => answer.status)).toEqual([100, 201]);
  });

  it('A2 bytes beyond the announced length are another request, and a bad one', async () => {
    const { sessionId } = await openSession(gateway);
    const image = await plainPng(5, 5);

    const answers = await rawExchange(
      gateway.port,
      head(sessionId, `Content-Length: ${image.length}`),
      Buffer.concat([image, Buffer.from('garbage\r\n\r\n')]),
    );

    expect(answers.map((answer) => answer.status)).toContain(400);
    expect((await snapshotOf(gateway, sessionId)).images.length).toBeLessThanOrEqual(1);
  });
});

describe('A10 the bytes come back', () => {
  const stored = async () => {
    const { sessionId } = await openSession(gateway);
    const bytes = await noise('jpeg');
    const { imageId } = (await (await upload(sessionId, bytes, 'image/jpeg')).json()) as ImageBody;
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
