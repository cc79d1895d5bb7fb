import type { Size } from '../../core/prompt.ts';

/** Upright sRGB pixels, three bytes each, row by row. */
export interface PixelImage extends Size {
  readonly data: Uint8Array;
}
