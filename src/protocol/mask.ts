/** A mask on the wire: compressed COCO run lengths, as pycocotools reads and writes them. */
export interface CocoRle {
  readonly format: 'coco_rle';
  /** `[height, width]` of the upright image. */
  readonly size: readonly [height: number, width: number];
  /** The compressed count string; at most {@link MAX_MASK_COUNTS_BYTES}. */
  readonly counts: string;
}

/** Bounds what one `segment.completed` can cost every reader and the log (A21). */
export const MAX_MASK_COUNTS_BYTES = 256 * 1024;
