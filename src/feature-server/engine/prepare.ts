import type { PixelImage } from './pixel-image.ts';

/** Bytes before the pixels: width and height. */
const HEADER_BYTES = 8;

/** Everything about an image that does not depend on clicks, in memory that threads can share. */
export function prepare(image: PixelImage): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(HEADER_BYTES + image.data.length);
  new Int32Array(shared, 0, 2).set([image.width, image.height]);
  new Uint8Array(shared, HEADER_BYTES).set(image.data);
  return shared;
}

/** The pixels of a prepared image. */
export function pixelsOf(embedding: SharedArrayBuffer): PixelImage {
  const [width = 0, height = 0] = new Int32Array(embedding, 0, 2);
  return { width, height, data: new Uint8Array(embedding, HEADER_BYTES) };
}
