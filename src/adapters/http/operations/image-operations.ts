import { HEADERS, paths } from '../../../protocol/routes.ts';
import { SegmentStateSchema } from '../schema/answers.ts';
import {
  IdempotencyHeaderSchema,
  PreferHeaderSchema,
  WaitQuerySchema,
} from '../schema/parameters.ts';
import { ImageBodySchema } from '../schema/payloads.ts';
import { ImageFormSchema, SegmentFormSchema } from '../schema/requests.ts';
import type { Operation } from './operation.ts';

const SESSION = '{sessionId}';
const IMAGE = '{imageId}';

/** What an image may be (A9). */
export const IMAGE_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/avif',
  'image/gif',
  'image/tiff',
] as const;

const UPLOAD_PROBLEMS = [
  'unsupported_media_type',
  'unsupported_image',
  'image_too_many_pixels',
  'payload_too_large',
  'limit_reached',
  'idempotency_key_in_use',
  'idempotency_key_reused',
  'rate_limited',
  'overloaded',
  'storage_unavailable',
] as const;

const imageContent = Object.fromEntries(
  IMAGE_TYPES.map((type) => [type, 'The image as uploaded.']),
);

/** A9–A11, and A17's session, image and click in one. */
export const imageOperations = {
  addImage: {
    method: 'POST',
    path: paths.images(SESSION),
    tag: 'images',
    summary: 'Add an image',
    headers: IdempotencyHeaderSchema,
    request: { form: ImageFormSchema, raw: ['image/*'] },
    answers: {
      201: {
        description: 'The image is added and being prepared.',
        json: ImageBodySchema,
        headers: ['Location', HEADERS.idempotentReplayed],
      },
      200: { description: 'The session has it already.', json: ImageBodySchema },
    },
    problems: ['session_not_found', 'conflict', ...UPLOAD_PROBLEMS],
  },
  getImage: {
    method: 'GET',
    path: paths.image(SESSION, IMAGE),
    tag: 'images',
    summary: 'The bytes of an image, as uploaded',
    answers: {
      200: { description: 'The image.', content: imageContent, headers: ['ETag'] },
      206: { description: 'A part of it.', content: imageContent, headers: ['Content-Range'] },
      304: { description: 'The caller has it.' },
      416: { description: 'No byte of that range exists.' },
    },
    problems: ['session_not_found', 'image_not_found'],
  },
  deleteImage: {
    method: 'DELETE',
    path: paths.image(SESSION, IMAGE),
    tag: 'images',
    summary: 'Remove an image and its objects',
    answers: { 204: { description: 'The image is gone.' } },
    problems: ['session_not_found', 'image_not_found'],
  },
  segment: {
    method: 'POST',
    path: paths.segment,
    tag: 'clicks',
    summary: 'Session, image and click in one, held until the mask is there',
    query: WaitQuerySchema,
    headers: IdempotencyHeaderSchema.extend(PreferHeaderSchema.shape),
    request: { form: SegmentFormSchema },
    answers: {
      200: { description: 'The click has ended.', json: SegmentStateSchema },
      202: {
        description: 'It has not ended in time; ask on at Location.',
        json: SegmentStateSchema,
        headers: ['Location'],
      },
    },
    problems: ['out_of_bounds', ...UPLOAD_PROBLEMS],
  },
} as const satisfies Record<string, Operation>;
