import { HEADERS } from '../../protocol/routes.ts';
import type { Incoming, Outgoing } from './node-http.ts';
import { headerOf } from './node-http.ts';

const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  HEADERS.idempotencyKey,
  HEADERS.lastEventId,
  HEADERS.prefer,
  HEADERS.requestId,
  HEADERS.traceparent,
].join(', ');
const EXPOSED_HEADERS = [
  'ETag',
  HEADERS.idempotentReplayed,
  'Location',
  HEADERS.rateLimit,
  HEADERS.rateLimitPolicy,
  HEADERS.retryAfter,
  HEADERS.requestId,
].join(', ');
const ALLOWED_METHODS = 'GET, HEAD, POST, PATCH, DELETE, OPTIONS';
/** How long a browser may remember a preflight, in seconds; browsers cap it at 2 h or less. */
const PREFLIGHT_MAX_AGE = '7200';

/**
 * A34. Set on Node's response before anything else happens, so that errors and streams carry it too
 * (hono/cors works on hono's own responses only). Credentials are never allowed.
 */
export function setCorsHeaders(
  incoming: Incoming,
  outgoing: Outgoing,
  origins: readonly string[],
): void {
  outgoing.setHeader('Vary', 'Origin');
  const origin = headerOf(incoming, 'origin');
  if (origin === undefined || !origins.includes(origin)) return;
  outgoing.setHeader('Access-Control-Allow-Origin', origin);
  outgoing.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
}

/** True when a browser asks whether it may send a request. */
export function isPreflight(incoming: Incoming): boolean {
  return (
    incoming.method === 'OPTIONS' &&
    headerOf(incoming, 'origin') !== undefined &&
    headerOf(incoming, 'access-control-request-method') !== undefined
  );
}

/** Answers a preflight; without the allow headers, which means no, when the origin is not listed. */
export function answerPreflight(outgoing: Outgoing): void {
  if (outgoing.hasHeader('Access-Control-Allow-Origin')) {
    outgoing.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS);
    outgoing.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS);
    outgoing.setHeader('Access-Control-Max-Age', PREFLIGHT_MAX_AGE);
  }
  outgoing.writeHead(204);
  outgoing.end();
}
