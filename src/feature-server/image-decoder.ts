import sharp from 'sharp';
import type { Size } from '../core/prompt.ts';
import type { PixelImage } from './engine/pixel-image.ts';
import { FeatureError } from './feature-error.ts';

/** A header that promises more is a decompression bomb (A9). */
const MAX_PIXELS = 50_000_000;
/** Media types of what `decodeImage` reads. */
export const IMAGE_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/avif',
  'image/gif',
  'image/tiff',
] as const;

/** An image as the engine works on it, and the size that its clicks are measured in. */
export interface DecodedImage {
  readonly pixels: PixelImage;
  readonly upright: Size;
}

/**
 * Decodes to sRGB of at most `maxPixels` pixels, upright; a large JPEG is shrunk while it is
 * decoded. Transparent parts are laid on white, as a page shows them. Runs off the calling thread.
 * @throws {FeatureError} 415 for what is no image that we read, 422 for one that is too large
 */
export async function decodeImage(bytes: Uint8Array, maxPixels: number): Promise<DecodedImage> {
  const upright = await uprightSize(bytes);
  const scale = Math.min(1, Math.sqrt(maxPixels / (upright.width * upright.height)));
  const width = Math.max(1, Math.floor(upright.width * scale));
  const height = Math.max(1, Math.floor(upright.height * scale));
  try {
    const data = await sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'none' })
      .autoOrient()
      .resize(width, height, { fit: 'fill' })
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    return { pixels: { data, width, height }, upright };
  } catch (error) {
    throw new FeatureError('image: cannot be decoded', { status: 415, cause: error });
  }
}

async function uprightSize(bytes: Uint8Array): Promise<Size> {
  let size: Size;
  try {
    size = (await sharp(bytes, { limitInputPixels: false }).metadata()).autoOrient;
  } catch (error) {
    throw new FeatureError('image: not a kind that we read', { status: 415, cause: error });
  }
  if (size.width * size.height > MAX_PIXELS) {
    throw new FeatureError(`image: more than ${MAX_PIXELS} pixels`, { status: 422 });
  }
  return size;
}
