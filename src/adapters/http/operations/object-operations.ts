import { paths } from '../../../protocol/routes.ts';
import { ObjectBodySchema, ObjectRetriedSchema } from '../schema/answers.ts';
import { CocoSchema } from '../schema/coco.ts';
import { ExportQuerySchema } from '../schema/parameters.ts';
import { ObjectPatchSchema } from '../schema/requests.ts';
import { MaskSchema } from '../schema/values.ts';
import type { Operation } from './operation.ts';

const SESSION = '{sessionId}';
const OBJECT = '{objectId}';

/** A16. */
export const objectOperations = {
  getObject: {
    method: 'GET',
    path: paths.object(SESSION, OBJECT),
    tag: 'objects',
    summary: 'An object, as it stands in the snapshot',
    answers: { 200: { description: 'The object.', json: ObjectBodySchema } },
    problems: ['session_not_found', 'object_not_found'],
  },
  patchObject: {
    method: 'PATCH',
    path: paths.object(SESSION, OBJECT),
    tag: 'objects',
    summary: 'Label, colour or annotate an object',
    request: { json: ObjectPatchSchema },
    answers: { 200: { description: 'The object as it is now.', json: ObjectBodySchema } },
    problems: ['session_not_found', 'object_not_found', 'unsupported_media_type'],
  },
  deleteObject: {
    method: 'DELETE',
    path: paths.object(SESSION, OBJECT),
    tag: 'objects',
    summary: 'Remove an object and its clicks',
    answers: { 204: { description: 'The object is gone.' } },
    problems: ['session_not_found', 'object_not_found'],
  },
  retryObject: {
    method: 'POST',
    path: paths.objectRetry(SESSION, OBJECT),
    tag: 'objects',
    summary: 'Segment a failed object again',
    answers: { 202: { description: 'It is queued.', json: ObjectRetriedSchema } },
    problems: ['session_not_found', 'object_not_found', 'conflict'],
  },
  getMask: {
    method: 'GET',
    path: paths.mask(SESSION, OBJECT),
    tag: 'objects',
    summary: "An object's newest mask",
    answers: {
      200: {
        description: 'The mask; a PNG unless the caller prefers JSON.',
        json: MaskSchema,
        content: { 'image/png': '8-bit grey: 255 on the object, 0 elsewhere.' },
        headers: ['ETag'],
      },
      304: { description: 'The caller has this revision.' },
    },
    problems: ['session_not_found', 'object_not_found', 'not_found'],
  },
  exportSession: {
    method: 'GET',
    path: paths.export(SESSION),
    tag: 'objects',
    summary: 'All masks of a session as a COCO data set',
    query: ExportQuerySchema,
    answers: { 200: { description: 'The data set.', json: CocoSchema } },
    problems: ['session_not_found'],
  },
} as const satisfies Record<string, Operation>;
