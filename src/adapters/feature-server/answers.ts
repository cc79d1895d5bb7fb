import { z } from 'zod';
import { jsonFlaws } from '../../core/json-flaws.ts';
import type { Size } from '../../core/prompt.ts';
import type { Extent, Rle } from '../../core/rle.ts';
import { extentOfRle, RleError } from '../../core/rle.ts';
import type { SegmentAnswer } from '../../ports/feature-server.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { FeatureServerInfo } from '../../protocol/feature-server.ts';
import { MAX_MASK_COUNTS_BYTES } from '../../protocol/mask.ts';
import { failed } from './failure.ts';

/** Names of models and embeddings end up in events and keys; longer ones are somebody's mistake. */
const MAX_NAME_LENGTH = 200;
/** Names, texts and numbers of one answer; ours has a dozen, the rest is what a server likes to add. */
const MAX_PARTS = 10_000;
/** A server that says it can do more at once is believed up to here. */
const MAX_CONCURRENCY = 1_024;

const name = z.string().min(1).max(MAX_NAME_LENGTH);
const dimension = z.int().positive();

const info = z.object({
  name,
  version: z.string().max(MAX_NAME_LENGTH),
  models: z.array(name).max(100),
  concurrency: z.int().min(1).max(MAX_CONCURRENCY),
  encode: z.boolean(),
  cancellable: z.boolean(),
  maxImageBytes: z.int().positive(),
  imageTypes: z.array(name).max(100).exactOptional(),
});

const encoded = z.object({ embedding: z.object({ id: name }) });

const segmented = z.object({
  mask: z.object({
    format: z.literal('coco_rle'),
    size: z.tuple([dimension, dimension]),
    // The text is ASCII, which the run lengths' own check proves, so characters are bytes.
    counts: z.string().max(MAX_MASK_COUNTS_BYTES),
  }),
  score: z.number(),
  model: name,
});

const missing = z.object({ missing: z.array(z.enum(['image', 'embedding'])).min(1) });

/** B1, checked. */
export function readInfo(text: string): FeatureServerInfo {
  return read(info, text, 'description of itself');
}

/** B2: the name under which the server keeps the embedding. */
export function readEncoded(text: string): { readonly embeddingId: string } {
  return { embeddingId: read(encoded, text, 'answer').embedding.id };
}

/** B3: a mask of exactly the image's size whose run lengths add up; a score between 0 and 1. */
export function readSegmented(text: string, image: Size): SegmentAnswer {
  const { mask, score, model } = read(segmented, text, 'answer');
  const [height, width] = mask.size;
  if (height !== image.height || width !== image.width) {
    throw failed('The feature server answered with a mask of another size than the image.');
  }
  return { mask, ...extentOf(mask), score: Math.min(1, Math.max(0, score)), model };
}

function extentOf(mask: Rle): Extent {
  try {
    return extentOfRle(mask);
  } catch (error) {
    if (!(error instanceof RleError)) throw error;
    throw failed('The feature server answered with a mask that cannot be read.', error);
  }
}

/** B5: the body of a 409. */
export function readMissing(text: string): FeatureServerError {
  const what = read(missing, text, 'answer').missing.join(' and the ');
  return new FeatureServerError('missing', `The feature server needs the ${what} again.`);
}

function read<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  what: string,
): z.infer<Schema> {
  // Before it is parsed: two megabytes of brackets would take the parser a fifth of a second.
  if (jsonFlaws(text, 1, MAX_PARTS).length > 0) throw ofOtherForm(what);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw failed(`The feature server's ${what} is not JSON.`, cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw ofOtherForm(what, result.error);
}

function ofOtherForm(what: string, cause?: unknown): FeatureServerError {
  return failed(`The feature server's ${what} is not of the agreed form.`, cause);
}
