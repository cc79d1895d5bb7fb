/** The request itself is refused, whatever image it brings. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession } from '../support/http-gateway.ts';
import { noise, plainPng } from '../support/http-images.ts';
import type { RefusedUpload } from './image-uploads.ts';
import { expectRefusal, form, MAX_IMAGE_BYTES, startForUploads, upload } from './image-uploads.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startForUploads();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A9 images that are refused, and leave nothing behind', () => {
  const cases: readonly RefusedUpload[] = [
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
      body: () => new Uint8Array(MAX_IMAGE_BYTES + 1),
      type: 'image/png',
      status: 413,
      code: 'payload_too_large',
    },
    {
      what: 'a part that is too large',
      body: () => form({ image: new Uint8Array(MAX_IMAGE_BYTES + 1) }),
      status: 413,
      code: 'payload_too_large',
    },
    {
      what: 'an embedding that is too large',
      body: async () =>
        form({ image: await plainPng(7, 7), embedding: new Uint8Array(MAX_IMAGE_BYTES + 1) }),
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

  it.each(cases)('A9 $what is a $status $code', (input) => expectRefusal(gateway, input));

  it('A9 a part given twice is named', async () => {
    const { sessionId } = await openSession(gateway);
    const data = form({ image: await plainPng(7, 7) });
    data.append('image', new Blob(['x']), 'again.png');

    const response = await upload(gateway, sessionId, data);

    expect(((await response.json()) as Problem).errors).toEqual([
      { path: 'image', message: 'is given twice' },
    ]);
  });

  it('A9 ten thousand parts are given up at once', async () => {
    const { sessionId } = await openSession(gateway);
    const part = '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n';

    const response = await upload(
      gateway,
      sessionId,
      part.repeat(10_000),
      'multipart/form-data; boundary=b',
    );

    expect(response.status).toBe(400);
  });
});
