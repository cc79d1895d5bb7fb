/** Bodies that the gateway answers. */
import { z } from 'zod';
import type {
  ClickAccepted,
  ClickState,
  ClickUndone,
  EventPage,
  ImageBody,
  ObjectBody,
  ObjectRetried,
  SegmentState,
  SessionCreated,
  Snapshot,
} from '../../../protocol/bodies.ts';
import type { Equal, Same } from './equal.ts';
import { EnvelopeSchema, ImageBodySchema, SegmentCompletedSchema } from './payloads.ts';
import {
  BoxSchema,
  ClickIdSchema,
  CursorSchema,
  ImageIdSchema,
  MetadataSchema,
  ObjectIdSchema,
  PointSchema,
  ProblemSchema,
  SessionIdSchema,
  TimeSchema,
} from './values.ts';

const LimitsSchema = z
  .strictObject({
    maxImages: z.int(),
    maxObjects: z.int(),
    maxPointsPerObject: z.int(),
    maxObjectsInFlight: z.int(),
    maxImageBytes: z.int(),
  })
  .readonly()
  .meta({ id: 'Limits' });

export const SessionCreatedSchema = z
  .strictObject({
    sessionId: SessionIdSchema,
    cursor: CursorSchema,
    expiresAt: TimeSchema,
    limits: LimitsSchema,
    links: z
      .strictObject({
        self: z.string(),
        events: z.string(),
        images: z.string(),
        clicks: z.string(),
      })
      .readonly(),
  })
  .readonly()
  .meta({ id: 'SessionCreated' });

const QueueStateSchema = z
  .strictObject({
    state: z.enum(['queued', 'merged', 'running', 'done']),
    position: z.int(),
    etaMs: z.number(),
  })
  .readonly()
  .meta({ id: 'QueueState' });

const click = { clickId: ClickIdSchema, objectId: ObjectIdSchema };

export const ClickAcceptedSchema = z
  .strictObject({
    ...click,
    imageId: ImageIdSchema,
    revision: z.int(),
    cursor: CursorSchema,
    queue: QueueStateSchema,
    links: z.strictObject({ self: z.string() }).readonly(),
  })
  .readonly()
  .meta({ id: 'ClickAccepted' });

export const ClickUndoneSchema = z
  .strictObject({ ...click, revision: z.int(), cursor: CursorSchema })
  .readonly()
  .meta({ id: 'ClickUndone' });

export const ObjectRetriedSchema = z
  .strictObject({ objectId: ObjectIdSchema, revision: z.int(), queue: QueueStateSchema })
  .readonly()
  .meta({ id: 'ObjectRetried' });

const clickState = {
  ...click,
  revision: z.int(),
  status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled', 'undone']),
  queue: z.exactOptional(QueueStateSchema),
  result: z.exactOptional(SegmentCompletedSchema),
  problem: z.exactOptional(ProblemSchema),
};
export const ClickStateSchema = z.strictObject(clickState).readonly().meta({ id: 'ClickState' });

export const SegmentStateSchema = z
  .strictObject({ ...clickState, sessionId: SessionIdSchema })
  .readonly()
  .meta({ id: 'SegmentState' });

export const ObjectBodySchema = z
  .strictObject({
    objectId: ObjectIdSchema,
    imageId: ImageIdSchema,
    revision: z.int(),
    label: z.exactOptional(z.string()),
    color: z.exactOptional(z.string()),
    metadata: z.exactOptional(MetadataSchema),
    status: z.enum(['queued', 'running', 'ready', 'failed']),
    clicks: z
      .array(
        z
          .strictObject({
            clickId: ClickIdSchema,
            points: z.array(PointSchema).readonly(),
            box: z.exactOptional(BoxSchema),
            clientRef: z.exactOptional(z.string()),
            pending: z.boolean(),
          })
          .readonly(),
      )
      .readonly(),
    result: z.exactOptional(SegmentCompletedSchema),
    problem: z.exactOptional(ProblemSchema),
  })
  .readonly()
  .meta({ id: 'Object' });

export const SnapshotSchema = z
  .strictObject({
    sessionId: SessionIdSchema,
    name: z.exactOptional(z.string()),
    metadata: z.exactOptional(MetadataSchema),
    cursor: CursorSchema,
    expiresAt: TimeSchema,
    images: z.array(ImageBodySchema).readonly(),
    objects: z.array(ObjectBodySchema).readonly(),
    participants: z
      .array(z.strictObject({ participantId: z.string(), joinedAt: TimeSchema }).readonly())
      .readonly(),
    service: z
      .strictObject({
        state: z.enum(['ok', 'degraded', 'down']),
        reason: z.exactOptional(z.enum(['storage', 'feature_server'])),
      })
      .readonly(),
    limits: LimitsSchema,
  })
  .readonly()
  .meta({ id: 'Snapshot' });

export const EventPageSchema = z
  .strictObject({
    events: z.array(EnvelopeSchema).readonly(),
    cursor: CursorSchema,
    snapshot: z.exactOptional(SnapshotSchema),
    reset: z.exactOptional(
      z
        .strictObject({
          reason: z.enum(['history_trimmed', 'epoch_changed', 'cursor_ahead', 'cursor_invalid']),
          lastCursor: CursorSchema,
          oldestCursor: CursorSchema,
        })
        .readonly(),
    ),
  })
  .readonly()
  .meta({ id: 'EventPage' });

export type AnswersMatch = [
  Same<Equal<z.infer<typeof SessionCreatedSchema>, SessionCreated>>,
  Same<Equal<z.infer<typeof ImageBodySchema>, ImageBody>>,
  Same<Equal<z.infer<typeof ClickAcceptedSchema>, ClickAccepted>>,
  Same<Equal<z.infer<typeof ClickUndoneSchema>, ClickUndone>>,
  Same<Equal<z.infer<typeof ObjectRetriedSchema>, ObjectRetried>>,
  Same<Equal<z.infer<typeof ClickStateSchema>, ClickState>>,
  Same<Equal<z.infer<typeof SegmentStateSchema>, SegmentState>>,
  Same<Equal<z.infer<typeof ObjectBodySchema>, ObjectBody>>,
  Same<Equal<z.infer<typeof SnapshotSchema>, Snapshot>>,
  Same<Equal<Omit<z.infer<typeof EventPageSchema>, 'events'>, Omit<EventPage, 'events'>>>,
];
