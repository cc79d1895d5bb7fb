/** What is inside the body is refused, or there is no room for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, startGateway } from '../support/http-gateway.ts';
import { noise, plainPng, pngClaiming } from '../support/http-images.ts';
import type { RefusedUpload } from './image-uploads.ts';
import { expectRefusal, form, startForUploads, upload } from './image-uploads.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startForUploads();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A9 images that are refused, and leave nothing behind', () => {
  const FORMATS = ['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const;
  const truncated = async (format: (typeof FORMATS)[number]) => {
    const bytes = await noise(format);
    return bytes.subarray(0, Math.floor(bytes.length / 2));
  };
  const garbled = async () => {
    const bytes = Buffer.from(await noise('png'));
    bytes.fill(0x55, 60, 400);
    return bytes;
  };
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  const png = 'image/png';

  const cases: readonly (readonly [what: string, body: RefusedUpload['body'], type?: string])[] = [
    ...FORMATS.map(
      (format) => [`a truncated ${format}`, () => truncated(format), `image/${format}`] as const,
    ),
    ['a PNG with garbage inside', garbled, png],
    ['an SVG', () => svg, 'image/svg+xml'],
    ['a PDF', () => '%PDF-1.7\n', png],
    ['HTML', () => '<!doctype html>', png],
    ['a signature alone', () => Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), png],
    ['a PNG without pixels', () => pngClaiming(0, 5), png],
    ['a PNG that claims more than it holds', () => pngClaiming(2_000, 2_000), png],
    [
      'a reference that is no image',
      async () => form({ image: await plainPng(7, 7), reference: 'x' }),
    ],
  ];
  const refused = cases.map(([what, body, type]): RefusedUpload => {
    return { what, body, type, status: 415, code: 'unsupported_image' };
  });

  it.each(refused)('A9 $what is a $status $code', (input) => expectRefusal(gateway, input));

  it('A9 2.5 gigapixels are refused from the header, for nothing', async () => {
    const { sessionId } = await openSession(gateway);
    const bomb = pngClaiming(50_000, 50_000);
    await upload(gateway, sessionId, bomb, 'image/png');
    const memory = process.memoryUsage.rss();

    for (let i = 0; i < 5; i++) {
      const response = await upload(gateway, sessionId, bomb, 'image/png');
      expect(response.status).toBe(422);
      expect(((await response.json()) as Problem).code).toBe('image_too_many_pixels');
    }

    expect(process.memoryUsage.rss() - memory).toBeLessThan(32 * 1024 * 1024);
  });

  it('A14 the image beyond the limit is a 409 that names it', async () => {
    await using small = await startGateway({ settings: { maxImages: 1 } });
    const { sessionId } = await openSession(small);
    const post = async (width: number) =>
      upload(small, sessionId, await plainPng(width, 9), 'image/png');

    expect((await post(5)).status).toBe(201);
    const response = await post(6);

    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'limit_reached', limit: 'maxImages' });
  });
});
