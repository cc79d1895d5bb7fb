import { encodeMask } from '../../../../src/core/rle.ts';
import type { SegmentResponse } from '../../../../src/protocol/feature-server.ts';
import { IMAGE } from './prompt-name.ts';

const mask = new Uint8Array(IMAGE.width * IMAGE.height).fill(1, 0, IMAGE.width * 9);

/** What every call is answered with. */
export const MADE: SegmentResponse = {
  mask: { format: 'coco_rle', ...encodeMask(mask, IMAGE) },
  score: 0.9,
  model: 'overload',
};
