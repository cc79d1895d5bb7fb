/** What the two calls of part B must look like; unknown fields are left alone, so callers may be newer. */
import { z } from 'zod';
import type { Prompt } from '../core/prompt.ts';
import { boxInside, isEmptyPrompt, pointInside } from '../core/prompt.ts';
import { FeatureError } from './feature-error.ts';

/** Bounds the replay that one call can ask for; the gateway allows 100 points an object. */
const MAX_POINTS = 1000;
/** Longest id that is kept as a key. */
const MAX_ID_LENGTH = 200;

const id = z.string().min(1).max(MAX_ID_LENGTH);
const image = z.object({
  id,
  url: z.url({ protocol: /^https?$/ }).optional(),
  contentType: z.string().optional(),
  width: z.int().positive(),
  height: z.int().positive(),
});
const point = z.object({
  x: z.number(),
  y: z.number(),
  label: z.union([z.literal(0), z.literal(1)]),
});
const box = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
const prompt = z.object({ points: z.array(point).max(MAX_POINTS), box: box.optional() });

const deadlineMs = z.number().positive().optional();

const encode = z.object({ requestId: z.string(), image, deadlineMs });
const segment = encode.extend({ prompt });

/** An image as a call names it. */
export type NamedImage = z.infer<typeof image>;

/** `POST /v1/encode`, checked. */
export interface EncodeCall {
  readonly image: NamedImage;
  readonly deadlineMs: number | undefined;
}

/** `POST /v1/segment`, checked; its prompt lies inside the image and is not empty. */
export interface SegmentCall extends EncodeCall {
  readonly prompt: Prompt;
}

/** @throws {FeatureError} 400 that names the field */
export function parseEncode(body: unknown): EncodeCall {
  const call = parse(encode, body);
  return { image: call.image, deadlineMs: call.deadlineMs };
}

/** @throws {FeatureError} 400 that names the field, 422 for a prompt that the image cannot hold */
export function parseSegment(body: unknown): SegmentCall {
  const call = parse(segment, body);
  const { points } = call.prompt;
  const asked: Prompt = call.prompt.box ? { points, box: call.prompt.box } : { points };
  if (isEmptyPrompt(asked))
    throw new FeatureError('prompt has neither points nor box', { status: 422 });
  if (!points.every((each) => pointInside(each, call.image))) {
    throw new FeatureError('prompt.points: outside the image', { status: 422 });
  }
  if (asked.box && !boxInside(asked.box, call.image)) {
    throw new FeatureError('prompt.box: empty or outside the image', { status: 422 });
  }
  return { image: call.image, prompt: asked, deadlineMs: call.deadlineMs };
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const first = result.error.issues[0];
  const path = first?.path.join('.') ?? '';
  throw new FeatureError(`${path || 'body'}: ${first?.message ?? 'invalid'}`, { status: 400 });
}
