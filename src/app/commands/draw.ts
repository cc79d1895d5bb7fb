import sharp from 'sharp';
import { maskPng } from '../../adapters/images/mask-png.ts';
import type { Size } from '../../core/prompt.ts';
import type { Rle } from '../../core/rle.ts';
import { decodeRle, maskOfRuns } from '../../core/rle.ts';

const FILL = [255, 64, 129, 110] as const;
const OUTLINE = [255, 255, 255, 255] as const;
/** The outline is this part of the longer side, so that it shows on a poster and on a thumbnail. */
const OUTLINE_PART = 1 / 400;

/** The mask as a grey PNG: 255 on the object, 0 elsewhere. */
export const drawMask = (rle: Rle): Promise<Buffer> => maskPng(rle);

/**
 * The photo, upright, with the mask as a translucent fill and its outline.
 * @returns a PNG
 */
export async function drawOverlay(photo: Uint8Array, rle: Rle): Promise<Buffer> {
  const [height, width] = rle.size;
  const size = { width, height };
  const layer = paint(maskOfRuns(decodeRle(rle), size), size);
  return await sharp(photo)
    .autoOrient()
    .composite([{ input: layer, raw: { width, height, channels: 4 } }])
    .png()
    .toBuffer();
}

function paint(mask: Uint8Array, { width, height }: Size): Buffer {
  const reach = Math.max(1, Math.round(Math.max(width, height) * OUTLINE_PART));
  const layer = Buffer.alloc(width * height * 4);
  const filled = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] !== 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!filled(x, y)) continue;
      const inside =
        filled(x - reach, y) &&
        filled(x + reach, y) &&
        filled(x, y - reach) &&
        filled(x, y + reach);
      layer.set(inside ? FILL : OUTLINE, (y * width + x) * 4);
    }
  }
  return layer;
}
