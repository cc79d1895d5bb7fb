/** Files as cameras write them: turned by EXIF, large, grey, with transparency. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { SegmentResponse } from '../../src/protocol/feature-server.ts';
import { maskOf, segmentOf, start } from './harness.ts';
import { disc, jpeg, overlap, paint } from './scenes.ts';

/** An ellipse off the middle: a picture that looks different from every side. */
const upright = paint({
  width: 300,
  height: 200,
  inside: (x, y) => ((x - 90) / 60) ** 2 + ((y - 70) / 40) ** 2 < 1,
});

/** A file whose stored pixels are turned so that EXIF orientation 6 puts them upright. */
async function turned(): Promise<Buffer> {
  const { data, width, height } = upright;
  const { data: stored, info } = await sharp(data, { raw: { width, height, channels: 3 } })
    .rotate(-90)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return jpeg({ ...upright, data: stored, width: info.width, height: info.height }, 6);
}

async function outline(bytes: Uint8Array, width: number, height: number, x: number, y: number) {
  await using stage = await start({ '/photo': bytes });
  const image = stage.reference('/photo', width, height);
  const prompt = { points: [{ x, y, label: 1 }] };
  const response = await stage.post('/v1/segment', segmentOf(image, prompt));
  const answer = (await response.json()) as SegmentResponse;
  return { status: response.status, answer };
}

describe('photos', () => {
  it('B3 counts clicks in the upright image when EXIF turns it', async () => {
    const { status, answer } = await outline(await turned(), 300, 200, 90, 70);
    expect(status).toBe(200);
    expect(answer.mask.size).toEqual([200, 300]);
    expect(overlap(maskOf(answer), upright.mask)).toBeGreaterThan(0.9);
  });

  it('B3 takes a 12-megapixel JPEG in one go', async () => {
    const scene = disc(4000, 3000);
    const { status, answer } = await outline(await jpeg(scene), 4000, 3000, 2000, 1500);
    expect(status).toBe(200);
    expect(overlap(maskOf(answer), scene.mask)).toBeGreaterThan(0.97);
  }, 30_000);

  it.each(['png', 'webp', 'avif', 'tiff', 'gif'] as const)('B1 decodes %s', async (format) => {
    const { data, width, height } = disc(160, 120);
    const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    expect((await outline(bytes, 160, 120, 80, 60)).status).toBe(200);
  });

  it('B1 decodes grey pictures and transparent ones', async () => {
    const { data, width, height } = disc(160, 120);
    const image = sharp(data, { raw: { width, height, channels: 3 } });
    const grey = await image.clone().greyscale().png().toBuffer();
    expect((await outline(grey, 160, 120, 80, 60)).status).toBe(200);
    const clear = await image.clone().ensureAlpha(0.3).png().toBuffer();
    expect((await outline(clear, 160, 120, 80, 60)).status).toBe(200);
  });
});
