import type { Socket } from 'node:net';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Farewells } from '../../../gateway/stream/farewells.ts';
import type { StreamSink } from '../../../gateway/stream/sink.ts';
import type { FaceContext } from '../context.ts';
import { requestIdOf } from '../front-door.ts';
import type { Call, Incoming, Outgoing } from '../node-http.ts';
import { isHttp2 } from '../node-http.ts';
import { ResponseSink } from './response-sink.ts';

/** A18. `no-transform` and the nginx header keep proxies from compressing and collecting. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  Vary: 'Accept, Origin',
} as const;

/**
 * Answers a stream on Node's response and lets `serve` write it. From here on the answer is 200,
 * whatever happens: a browser gives up for good after anything else (A25). The request has no headers
 * and no target any more when `serve` runs.
 */
export async function openStream(
  face: FaceContext,
  call: Call,
  serve: (sink: StreamSink) => Promise<void>,
): Promise<Response> {
  const { incoming, outgoing } = call.env;
  // Node's own `Connection: keep-alive` is needless in HTTP/1.1 and breaks behind HTTP/2 proxies.
  outgoing.removeHeader('Connection');
  outgoing.writeHead(200, STREAM_HEADERS);
  outgoing.flushHeaders();
  const requestId = requestIdOf(outgoing);
  if (!isHttp2(incoming)) {
    slimSocket(outgoing.socket);
    slimRequest(incoming);
  }
  slimResponse(outgoing);
  const sink = new ResponseSink(incoming, outgoing);
  try {
    await serve(sink);
  } catch (error) {
    face.log.warn('a stream could not be served', { requestId, error });
    new Farewells(face).turnAway(sink);
  }
  return RESPONSE_ALREADY_SENT;
}

/**
 * Lets go of what only the begin of a response needs: an open stream keeps it for hours. Headers that
 * were sent are still held by Node, as fields and as text, under names that are not public; without
 * them a stream costs a kilobyte and a half less. Of the text only that there is one still counts. What
 * listens for the response's end are the wrappers of a request that is over.
 */
function slimResponse(outgoing: Outgoing): void {
  // One by one: to remove them all at once turns the table of listeners into a larger kind.
  for (const listener of outgoing.listeners('close')) outgoing.off('close', listener as () => void);
  forget(outgoing, 'kOutHeaders');
  if (Reflect.get(outgoing, '_header')) Reflect.set(outgoing, '_header', SENT);
}

const SENT = 'sent';

/** The same for the request, which was understood: browsers send a kilobyte of headers and more. */
function slimRequest(incoming: Incoming): void {
  incoming.url = '';
  incoming.rawHeaders = NOTHING;
  forget(incoming, 'kHeaders');
}

/** One for all, since nobody adds to it. */
const NOTHING: string[] = [];

function forget(message: Incoming | Outgoing, name: string): void {
  const symbols = Object.getOwnPropertySymbols(message);
  const key = symbols.find((symbol) => symbol.description === name);
  if (key !== undefined) Reflect.set(message, key, null);
}

/** Sends at once; and forgets its peer's address, which it was asked for and could find out again. */
function slimSocket(socket: Socket | null): void {
  socket?.setNoDelay(true);
  if (socket !== null) Reflect.set(socket, '_peername', undefined);
}
