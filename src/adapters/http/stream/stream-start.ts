import type { StreamStart } from '../../../gateway/stream/stream-start.ts';
import { AFTER_START, HEADERS, QUERY } from '../../../protocol/routes.ts';
import type { Call } from '../node-http.ts';
import { headerOf } from '../node-http.ts';

/**
 * Where a reader wants to begin (A23): a non-empty `Last-Event-ID` wins, since a browser that
 * reconnects keeps the URL; else `?after`, or its alias `?lastEventId`.
 */
export function streamStart(call: Call): StreamStart {
  const header = headerOf(call.env.incoming, HEADERS.lastEventId)?.trim();
  if (header) return { kind: 'cursor', text: header };
  const text = call.req.query(QUERY.after) || call.req.query(QUERY.lastEventId);
  if (!text) return { kind: 'none' };
  return text === AFTER_START ? { kind: 'start' } : { kind: 'cursor', text };
}
