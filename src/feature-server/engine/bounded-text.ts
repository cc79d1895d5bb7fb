import type { Size } from '../../core/prompt.ts';
import { encodeRuns } from '../../core/rle.ts';
import { MAX_MASK_COUNTS_BYTES } from '../../protocol/mask.ts';
import { blur } from './blur.ts';
import type { MaskField } from './contour-runs.ts';
import { runsOfField } from './contour-runs.ts';

/** Rounds of smoothing after which any field is plain: each widens the blur by a sample. */
const MAX_ROUNDS = 64;

/**
 * The compressed run lengths of a field at an image's own size, within what a mask may weigh on the
 * wire (A21): a contour too ragged for that, on a picture of tens of megapixels, is smoothed until
 * it fits.
 */
export function boundedText(
  field: MaskField,
  image: Size,
  limit: number = MAX_MASK_COUNTS_BYTES,
): string {
  let { values } = field;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const text = encodeRuns(runsOfField({ ...field, values }, image));
    if (text.length <= limit) return text;
    values = blur(values, field.width, field.height);
  }
  return encodeRuns([image.width * image.height]);
}
