/** Bodies that callers send. */
import { z } from 'zod';
import type { Box, Point } from '../../../core/prompt.ts';
import type { ClickBody, CreateSessionBody, ObjectPatch } from '../../../protocol/bodies.ts';
import type { Equal, Same } from './equal.ts';
import {
  MAX_CLIENT_REF_LENGTH,
  MAX_COLOR_LENGTH,
  MAX_LABEL_LENGTH,
  MAX_NAME_LENGTH,
} from './limits.ts';
import { BoxSchema, ImageIdSchema, MetadataSchema, ObjectIdSchema, PointSchema } from './values.ts';

export const NameSchema = z.string().max(MAX_NAME_LENGTH);
const LabelSchema = z.string().max(MAX_LABEL_LENGTH);
const ColorSchema = z.string().max(MAX_COLOR_LENGTH);

export const CreateSessionSchema = z
  .strictObject({ name: NameSchema.optional(), metadata: MetadataSchema.optional() })
  .readonly()
  .meta({ id: 'CreateSession' });

const prompt = {
  points: z.array(PointSchema).readonly().optional(),
  box: BoxSchema.optional(),
};

/** A click says something: at least one point, or a box (A12). */
const saysSomething = (value: {
  readonly points?: readonly Point[] | undefined;
  readonly box?: Box | undefined;
}) => (value.points?.length ?? 0) > 0 || value.box !== undefined;
const NOTHING_SAID = { error: 'must hold a point, unless there is a box', path: ['points'] };

export const ClickSchema = z
  .strictObject({
    imageId: ImageIdSchema,
    objectId: ObjectIdSchema.optional().meta({ description: 'A new object when absent.' }),
    ...prompt,
    clientRef: z.string().max(MAX_CLIENT_REF_LENGTH).optional(),
  })
  .readonly()
  .refine(saysSomething, NOTHING_SAID)
  .meta({ id: 'Click' });

export const ObjectPatchSchema = z
  .strictObject({
    label: LabelSchema.nullable().optional(),
    color: ColorSchema.nullable().optional(),
    metadata: MetadataSchema.nullable().optional(),
  })
  .readonly()
  .meta({ id: 'ObjectPatch', description: '`null` removes what was set.' });

/** The part `request` of `POST /v1/segment` (A17). */
export const SegmentRequestSchema = z
  .strictObject({ ...prompt, label: LabelSchema.optional() })
  .readonly()
  .refine(saysSomething, NOTHING_SAID)
  .meta({ id: 'SegmentRequest' });

const binary = (description: string) =>
  z.string().meta({ description, format: 'binary', contentEncoding: 'binary' });

/** The form of A9, for the document only: forms are read part by part. */
export const ImageFormSchema = z
  .strictObject({
    image: binary('JPEG, PNG, WebP, AVIF, GIF or TIFF'),
    reference: binary('A second image for the feature server.').optional(),
    embedding: binary('Bytes that the feature server made earlier.').optional(),
    name: NameSchema.optional(),
  })
  .meta({ id: 'ImageForm' });

export const SegmentFormSchema = z
  .strictObject({
    image: binary('JPEG, PNG, WebP, AVIF, GIF or TIFF'),
    request: SegmentRequestSchema,
  })
  .meta({ id: 'SegmentForm' });

type WithPlainIds<Body> = Omit<Body, 'imageId' | 'objectId'> & {
  readonly imageId: string;
  readonly objectId?: string | undefined;
};

export type RequestsMatch = [
  Same<Equal<z.infer<typeof CreateSessionSchema>, CreateSessionBody>>,
  Same<Equal<WithPlainIds<z.infer<typeof ClickSchema>>, WithPlainIds<ClickBody>>>,
  Same<Equal<z.infer<typeof ObjectPatchSchema>, ObjectPatch>>,
];
