import { HEADERS, paths } from '../../../protocol/routes.ts';
import {
  ClickAcceptedSchema,
  ClickStateSchema,
  ClickUndoneSchema,
  EventPageSchema,
} from '../schema/answers.ts';
import {
  EventsQuerySchema,
  IdempotencyHeaderSchema,
  LastEventIdHeaderSchema,
  PreferHeaderSchema,
  WaitQuerySchema,
} from '../schema/parameters.ts';
import { ClickSchema } from '../schema/requests.ts';
import type { Operation } from './operation.ts';

const SESSION = '{sessionId}';
const CLICK = '{clickId}';

/** A12–A15, A17, A18 and A26. */
export const clickOperations = {
  createClick: {
    method: 'POST',
    path: paths.clicks(SESSION),
    tag: 'clicks',
    summary: 'Click: add points or a box to an object',
    headers: IdempotencyHeaderSchema,
    request: { json: ClickSchema },
    answers: {
      202: {
        description: 'The click is accepted; its outcome comes on the stream.',
        json: ClickAcceptedSchema,
        headers: ['Location', HEADERS.idempotentReplayed],
      },
    },
    problems: [
      'session_not_found',
      'image_not_found',
      'conflict',
      'limit_reached',
      'out_of_bounds',
      'overloaded',
      'idempotency_key_reused',
      'unsupported_media_type',
    ],
  },
  getClick: {
    method: 'GET',
    path: paths.click(SESSION, CLICK),
    tag: 'clicks',
    summary: 'How a click stands, at once or as soon as it has ended',
    query: WaitQuerySchema,
    headers: PreferHeaderSchema,
    answers: {
      200: {
        description: 'The click.',
        json: ClickStateSchema,
        headers: [HEADERS.preferenceApplied],
      },
    },
    problems: ['session_not_found', 'click_not_found'],
  },
  undoClick: {
    method: 'DELETE',
    path: paths.click(SESSION, CLICK),
    tag: 'clicks',
    summary: 'Undo a click',
    answers: { 202: { description: 'The click is undone.', json: ClickUndoneSchema } },
    problems: ['session_not_found', 'click_not_found'],
  },
  readEvents: {
    method: 'GET',
    path: paths.events(SESSION),
    tag: 'events',
    summary: "A session's events, as a stream or as pages",
    query: EventsQuerySchema,
    headers: LastEventIdHeaderSchema,
    answers: {
      200: {
        description: 'The stream, unless the caller prefers JSON.',
        json: EventPageSchema,
        content: { 'text/event-stream': 'Server-Sent Events; the data of each is an Event.' },
      },
    },
    problems: ['session_not_found'],
  },
} as const satisfies Record<string, Operation>;
