/** What logged events carry (A20, A21). */
import { z } from 'zod';
import type { SessionId } from '../../../core/ids.ts';
import type {
  Envelope,
  LoggedPayloads,
  LoggedType,
  SegmentCompletedPayload,
} from '../../../protocol/events.ts';
import { LOGGED_TYPES } from '../../../protocol/events.ts';
import type { Equal, Same } from './equal.ts';
import {
  BoxSchema,
  ClickIdSchema,
  CursorSchema,
  ImageIdSchema,
  MaskSchema,
  MetadataSchema,
  ObjectIdSchema,
  PointSchema,
  ProblemSchema,
  SessionIdSchema,
  TimeSchema,
} from './values.ts';

export const ImageBodySchema = z
  .strictObject({
    imageId: ImageIdSchema,
    name: z.exactOptional(z.string()),
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
    contentType: z.string(),
    status: z.enum(['preparing', 'ready', 'failed']),
    hasReference: z.boolean(),
    hasEmbedding: z.boolean(),
    problem: z.exactOptional(ProblemSchema),
  })
  .readonly()
  .meta({ id: 'Image' });

const objectRevision = { objectId: ObjectIdSchema, imageId: ImageIdSchema, revision: z.int() };
const covers = z
  .array(ClickIdSchema)
  .readonly()
  .meta({ description: 'The clicks that this ends, oldest first.' });

export const SegmentCompletedSchema = z
  .strictObject({
    ...objectRevision,
    covers,
    mask: MaskSchema,
    bounds: z
      .strictObject({ x: z.int(), y: z.int(), width: z.int(), height: z.int() })
      .readonly()
      .nullable()
      .meta({ description: '`null` when the mask is empty.' }),
    area: z.int(),
    score: z.number(),
    model: z.string(),
    cached: z.boolean().meta({ description: 'From memory, without a call.' }),
    timings: z
      .strictObject({ queuedMs: z.number(), serverMs: z.number(), totalMs: z.number() })
      .readonly(),
  })
  .readonly()
  .meta({ id: 'SegmentCompleted' });

const click = { clickId: ClickIdSchema, objectId: ObjectIdSchema };

/** Complete: a type that is logged and not described here does not compile. */
const payloads = {
  'session.opened': z
    .strictObject({
      sessionId: SessionIdSchema,
      name: z.exactOptional(z.string()),
      metadata: z.exactOptional(MetadataSchema),
      expiresAt: TimeSchema,
    })
    .readonly(),
  'session.closed': z.strictObject({ reason: z.enum(['deleted', 'expired']) }).readonly(),
  'image.added': ImageBodySchema,
  'image.ready': ImageBodySchema,
  'image.failed': ImageBodySchema,
  'image.removed': z.strictObject({ imageId: ImageIdSchema }).readonly(),
  'click.accepted': z
    .strictObject({
      ...click,
      imageId: ImageIdSchema,
      revision: z.int(),
      points: z.array(PointSchema).readonly(),
      box: z.exactOptional(BoxSchema),
      clientRef: z.exactOptional(z.string()),
    })
    .readonly(),
  'click.undone': z.strictObject({ ...click, revision: z.int() }).readonly(),
  'click.cancelled': z
    .strictObject({ ...click, reason: z.enum(['undone', 'object_removed']) })
    .readonly(),
  'segment.completed': SegmentCompletedSchema,
  'segment.failed': z
    .strictObject({ ...objectRevision, covers, problem: ProblemSchema })
    .readonly(),
  'object.updated': z
    .strictObject({
      ...objectRevision,
      label: z.exactOptional(z.string()),
      color: z.exactOptional(z.string()),
      metadata: z.exactOptional(MetadataSchema),
    })
    .readonly(),
  'object.removed': z.strictObject({ objectId: ObjectIdSchema, imageId: ImageIdSchema }).readonly(),
} satisfies { [Type in LoggedType]: z.ZodType<LoggedPayloads[Type]> };

const channel = z.string() as z.ZodType<string> as z.ZodType<`session:${SessionId}`, string>;
const type = z.enum(LOGGED_TYPES as readonly [LoggedType, ...LoggedType[]]);

/** A19. */
export const EnvelopeSchema = z
  .strictObject({
    eventId: CursorSchema,
    sequence: z.int(),
    schemaVersion: z.literal(1),
    channel,
    type,
    timestamp: TimeSchema,
    payload: z.union(Object.values(payloads)),
  })
  .readonly()
  .meta({ id: 'Event' });

export type PayloadsMatch = [
  Same<Equal<z.infer<typeof SegmentCompletedSchema>, SegmentCompletedPayload>>,
  Same<
    Equal<
      { [Type in keyof typeof payloads]: z.infer<(typeof payloads)[Type]> },
      { [Type in LoggedType]: LoggedPayloads[Type] }
    >
  >,
  Same<Equal<Omit<z.infer<typeof EnvelopeSchema>, 'payload'>, Omit<Envelope, 'payload'>>>,
];
