import PQueue from 'p-queue';
import sharp from 'sharp';
import type { Rle } from '../../core/rle.ts';
import { decodeRle, maskOfRuns } from '../../core/rle.ts';

/** A mask of 50 megapixels takes as many bytes while it is written. */
const queue = new PQueue({ concurrency: 2 });

/** A mask as an 8-bit grey PNG: 255 on the object, 0 elsewhere (A16). */
export function maskPng(rle: Rle): Promise<Buffer> {
  return queue.add(async () => {
    const [height, width] = rle.size;
    const mask = maskOfRuns(decodeRle(rle), { width, height });
    return await sharp(mask, { raw: { width, height, channels: 1 } })
      .threshold(1)
      .toColourspace('b-w')
      .png({ compressionLevel: 6 })
      .toBuffer();
  });
}
