/** Makes photos fit the gateway's limit: a phone's camera easily exceeds it. */
import type { Size } from '../core/prompt.ts';

/** Longest side of the copies that are tried, one after the other. */
const SIDES = [4096, 3072, 2048] as const;

/** Encodes a picture as JPEG. */
export async function toJpeg(
  picture: CanvasImageSource,
  { width, height }: Size,
  quality: number,
): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser cannot draw pictures.');
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
  return canvas.convertToBlob({ type: 'image/jpeg', quality });
}

/** The file itself when it is small enough, else a smaller copy. */
export async function withinLimit(
  file: Blob,
  photo: Size & { readonly bitmap: ImageBitmap },
  mostBytes: number,
): Promise<Blob> {
  let best = file;
  for (const side of SIDES) {
    if (best.size <= mostBytes) break;
    const scale = Math.min(side / Math.max(photo.width, photo.height), 1);
    const size = {
      width: Math.max(Math.round(photo.width * scale), 1),
      height: Math.max(Math.round(photo.height * scale), 1),
    };
    best = await toJpeg(photo.bitmap, size, 0.9);
  }
  return best;
}
