import { HEADERS, paths } from '../../../protocol/routes.ts';
import { SessionCreatedSchema, SnapshotSchema } from '../schema/answers.ts';
import { IdempotencyHeaderSchema } from '../schema/parameters.ts';
import { CreateSessionSchema } from '../schema/requests.ts';
import type { Operation } from './operation.ts';

const SESSION = '{sessionId}';

/** A6–A8. */
export const sessionOperations = {
  createSession: {
    method: 'POST',
    path: paths.sessions,
    tag: 'sessions',
    summary: 'Open a session',
    headers: IdempotencyHeaderSchema,
    request: { json: CreateSessionSchema, optional: true },
    answers: {
      201: {
        description: 'The session is open.',
        json: SessionCreatedSchema,
        headers: ['Location', HEADERS.idempotentReplayed],
      },
    },
    problems: ['idempotency_key_in_use', 'idempotency_key_reused', 'unsupported_media_type'],
  },
  getSession: {
    method: 'GET',
    path: paths.session(SESSION),
    tag: 'sessions',
    summary: 'The snapshot: all of a session at one moment of its log',
    answers: { 200: { description: 'The snapshot.', json: SnapshotSchema } },
    problems: ['session_not_found'],
  },
  deleteSession: {
    method: 'DELETE',
    path: paths.session(SESSION),
    tag: 'sessions',
    summary: 'End a session and forget its data',
    answers: { 204: { description: 'The session is gone.' } },
    problems: ['session_not_found'],
  },
} as const satisfies Record<string, Operation>;
