/**
 * Node's own request and response as handlers see them below hono. Those of HTTP/2 are other classes
 * with the same members; they are told apart by {@link isHttp2} only.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'hono';

export type Incoming = IncomingMessage;
export type Outgoing = ServerResponse;
export type NodeListener = (incoming: Incoming, outgoing: Outgoing) => void;

/** What hono is told about a request besides the request itself. */
export interface HttpEnv {
  Bindings: { readonly incoming: Incoming; readonly outgoing: Outgoing };
}

export type Call = Context<HttpEnv>;

/** HTTP/2 knows no `Connection` header and no chunked coding; sending one is an error there. */
export const isHttp2 = (message: Incoming): boolean => message.httpVersionMajor >= 2;

/** The first value of a request header; `undefined` when it is absent or empty. */
export function headerOf(incoming: Incoming, name: string): string | undefined {
  const value = incoming.headers[name.toLowerCase()];
  const first = Array.isArray(value) ? value[0] : value;
  return first === '' ? undefined : first;
}

/** True when the request announced a body, of whatever length. */
function announcesBody(incoming: Incoming): boolean {
  if (isHttp2(incoming)) return !incoming.complete;
  const length = headerOf(incoming, 'content-length');
  return headerOf(incoming, 'transfer-encoding') !== undefined || (length ?? '0') !== '0';
}

/** True while bytes of the request's body have not been read. */
export const bodyPending = (incoming: Incoming): boolean =>
  announcesBody(incoming) && !incoming.readableEnded && !incoming.destroyed;
