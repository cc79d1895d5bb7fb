import type { Cursor } from '../core/cursor.ts';
import type { EventPage } from '../protocol/bodies.ts';
import { QUERY } from '../protocol/routes.ts';
import { eventsUrl } from './event-source-transport.ts';
import type { Target } from './request.ts';
import { headersFor } from './request.ts';
import type { LoggedEvent, StreamFrame, Transport, TransportEvents } from './transport.ts';

/** Held below the 30 s that many proxies allow a quiet request. */
const WAIT_S = 20;
const PAGE = 500;

/** What a stream would have said instead of this page. */
function* framesOf(page: EventPage): Generator<StreamFrame> {
  const timestamp = '';
  if (page.reset !== undefined) yield { type: 'stream.reset', timestamp, payload: page.reset };
  if (page.snapshot !== undefined) {
    yield { type: 'session.snapshot', timestamp, payload: page.snapshot };
  }
  for (const event of page.events) yield event as LoggedEvent;
  yield { type: 'heartbeat', timestamp, payload: { cursor: page.cursor } };
}

function pageUrl(base: string, sessionId: string, after: Cursor | undefined): string {
  const url = eventsUrl(base, sessionId, after);
  if (after === undefined) return url;
  return `${url}&${QUERY.wait}=${WAIT_S}&${QUERY.limit}=${PAGE}`;
}

async function poll(
  target: Target,
  url: string,
  signal: AbortSignal,
): Promise<EventPage | undefined> {
  try {
    const response = await target.environment.fetch(url, {
      headers: await headersFor(target, {}),
      cache: 'no-store',
      signal,
    });
    return response.ok ? ((await response.json()) as EventPage) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads the log's JSON form (A26) again and again, for networks that hold streams back. Looks like
 * a stream to its reader; passing frames about queues and presence are not to be had this way.
 */
export function longPollTransport(target: Target, sessionId: string): Transport {
  const run = async (
    after: Cursor | undefined,
    events: TransportEvents,
    signal: AbortSignal,
  ): Promise<void> => {
    let cursor = after;
    for (let first = true; !signal.aborted; first = false) {
      const page = await poll(target, pageUrl(target.base, sessionId, cursor), signal);
      if (signal.aborted) return;
      if (page === undefined) {
        events.lost();
        return;
      }
      if (first) events.frame(opening(page, after !== undefined));
      for (const frame of framesOf(page)) events.frame(frame);
      cursor = page.cursor;
    }
  };
  return (after, events) => {
    const abort = new AbortController();
    run(after, events, abort.signal).catch(events.lost);
    return () => abort.abort();
  };
}

function opening(page: EventPage, replaying: boolean): StreamFrame {
  const service = page.snapshot?.service ?? { state: 'ok' };
  const payload = { cursor: page.cursor, replaying, heartbeatMs: WAIT_S * 1000, service };
  return { type: 'stream.opened', timestamp: '', payload };
}
