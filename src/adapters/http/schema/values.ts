/** The parts that bodies are made of. Objects are strict: an unknown field is an error (A2). */
import { z } from 'zod';
import type { Cursor } from '../../../core/cursor.ts';
import type { ClickId, ImageId, ObjectId, SessionId } from '../../../core/ids.ts';
import { isClickId, isImageId, isObjectId, isSessionId } from '../../../core/ids.ts';
import type { Problem, ProblemCode } from '../../../core/problem.ts';
import { PROBLEM_CODES } from '../../../core/problem.ts';
import type { Box, Point } from '../../../core/prompt.ts';
import type { Metadata } from '../../../protocol/bodies.ts';
import type { CocoRle } from '../../../protocol/mask.ts';
import type { Equal, Same } from './equal.ts';
import { MAX_METADATA_BYTES } from './limits.ts';

/** A string with a brand: checked as text, typed as what it names. */
function branded<Id extends string>(schema: z.ZodType<string>): z.ZodType<Id, string> {
  return schema as z.ZodType<string, string> as z.ZodType<Id, string>;
}

const text = (test: (value: string) => boolean, form: string) =>
  z.string().refine(test, { error: `must be ${form}` });

export const SessionIdSchema = branded<SessionId>(
  text(isSessionId, 'a session id').meta({ example: 'ses_Vb0CkTJ8kXcKq2yA5mWd3w' }),
);
export const ImageIdSchema = branded<ImageId>(
  text(isImageId, 'sha256- and 64 hexadecimal digits').meta({
    description: "The image's content is its name.",
    pattern: '^sha256-[0-9a-f]{64}$',
  }),
);
export const ObjectIdSchema = branded<ObjectId>(
  text(isObjectId, '1–64 of A–Z, a–z, 0–9, _ and -').meta({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
);
export const ClickIdSchema = branded<ClickId>(
  text(isClickId, 'a click id').meta({ example: 'clk_7hS1nXq0aZ2LrTtE' }),
);
export const CursorSchema = branded<Cursor>(
  z.string().meta({ description: 'A position in the log: `<epoch>-<sequence>`.' }),
);
export const TimeSchema = z.string().meta({ format: 'date-time' });

export const PointSchema = z
  .strictObject({
    x: z.number().meta({ description: 'Pixels of the upright image, from the left.' }),
    y: z.number().meta({ description: 'Pixels of the upright image, from the top.' }),
    label: z.literal([0, 1]).meta({ description: '1 = on the object, 0 = off it.' }),
  })
  .readonly()
  .meta({ id: 'Point' });

export const BoxSchema = z
  .strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
  .readonly()
  .meta({ id: 'Box' });

/** Free-form, but bounded as it will be written. */
export const MetadataSchema = z
  .record(z.string(), z.unknown())
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_METADATA_BYTES, {
    error: `must be at most ${MAX_METADATA_BYTES} bytes as JSON`,
  })
  .readonly()
  .meta({ id: 'Metadata', description: 'Free-form JSON, given back unchanged.' });

export const MaskSchema = z
  .strictObject({
    format: z.literal('coco_rle'),
    size: z.tuple([z.int(), z.int()]).readonly().meta({ description: '`[height, width]`' }),
    counts: z.string().meta({ description: 'Compressed run lengths, as pycocotools reads them.' }),
  })
  .readonly()
  .meta({ id: 'Mask' });

const problemCodes = Object.keys(PROBLEM_CODES) as [ProblemCode, ...ProblemCode[]];

export const ProblemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.exactOptional(z.int()),
    detail: z.string(),
    code: z.enum(problemCodes),
    retryable: z.boolean().meta({ description: 'The same request may succeed later.' }),
    errors: z.exactOptional(
      z.array(z.strictObject({ path: z.string(), message: z.string() }).readonly()).readonly(),
    ),
    limit: z.exactOptional(z.string()),
    etaMs: z.exactOptional(z.number()),
  })
  .readonly()
  .meta({ id: 'Problem', description: 'RFC 9457' });

export type ValuesMatch = [
  Same<Equal<z.infer<typeof PointSchema>, Point>>,
  Same<Equal<z.infer<typeof BoxSchema>, Box>>,
  Same<Equal<z.infer<typeof MetadataSchema>, Metadata>>,
  Same<Equal<z.infer<typeof MaskSchema>, CocoRle>>,
  Same<Equal<z.infer<typeof ProblemSchema>, Problem>>,
];
