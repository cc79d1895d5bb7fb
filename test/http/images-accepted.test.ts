import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import type { ImageBody } from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession } from '../support/http-gateway.ts';
import { noise, plainPng, sidewaysJpeg } from '../support/http-images.ts';
import { form, startForUploads, upload } from './image-uploads.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startForUploads();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const idOf = (bytes: Uint8Array) => `sha256-${createHash('sha256').update(bytes).digest('hex')}`;

describe('A9 images that are taken', () => {
  it.each(['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const)(
    'A9 a raw %s, whatever it is called',
    async (format) => {
      const { sessionId } = await openSession(gateway);
      const bytes = await noise(format);

      const response = await upload(gateway, sessionId, bytes, 'image/x-anything');

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

    const response = await upload(gateway, sessionId, form(parts));

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

    expect((await upload(gateway, sessionId, image, 'image/png')).status).toBe(201);
    expect((await upload(gateway, sessionId, image, 'image/png')).status).toBe(200);
    const other = await upload(
      gateway,
      sessionId,
      form({ image, reference: await plainPng(3, 3) }),
    );

    expect(other.status).toBe(409);
    expect(((await other.json()) as Problem).code).toBe('conflict');
  });

  it('A1 sizes are those of the upright image', async () => {
    const { sessionId } = await openSession(gateway);

    const response = await upload(gateway, sessionId, await sidewaysJpeg(64, 48), 'image/jpeg');

    expect(await response.json()).toMatchObject({ width: 48, height: 64 });
  });
});
