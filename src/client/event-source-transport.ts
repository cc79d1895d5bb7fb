import type { Cursor } from '../core/cursor.ts';
import { LOGGED_TYPES, PASSING_TYPES } from '../protocol/events.ts';
import { paths, QUERY } from '../protocol/routes.ts';
import type { EventSourceLike } from './environment.ts';
import type { StreamFrame, Transport } from './transport.ts';

/** Where a session's events are read after a position; from a snapshot when there is none. */
export function eventsUrl(base: string, sessionId: string, after: Cursor | undefined): string {
  const url = `${base}${paths.events(sessionId)}`;
  return after === undefined ? url : `${url}?${QUERY.after}=${after}`;
}

function parse(data: string): StreamFrame | undefined {
  try {
    return JSON.parse(data) as StreamFrame;
  } catch {
    return undefined;
  }
}

/**
 * Reads the event stream with the platform's `EventSource`. Its own reconnection is not used: it
 * gives up for good at the first answer that is not a 200, waits a fixed time, and cannot tell that
 * a stream has gone quiet. The first error ends this transport; whoever made it makes the next.
 */
export function eventSourceTransport(
  open: (url: string) => EventSourceLike,
  base: string,
  sessionId: string,
): Transport {
  return (after, events) => {
    const source = open(eventsUrl(base, sessionId, after));
    let over = false;
    const finish = (): void => {
      over = true;
      source.onerror = null;
      source.close();
    };
    const fail = (): void => {
      if (over) return;
      finish();
      events.lost();
    };
    const receive = ({ data }: { readonly data: string }): void => {
      // Frames already queued in the browser still arrive after close().
      if (over) return;
      const frame = parse(data);
      // Not the gateway's text: something between has damaged the stream.
      if (frame === undefined) fail();
      else events.frame(frame);
    };
    for (const type of [...LOGGED_TYPES, ...PASSING_TYPES]) source.addEventListener(type, receive);
    source.onerror = fail;
    return finish;
  };
}
