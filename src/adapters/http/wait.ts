import { HEADERS } from '../../protocol/routes.ts';
import { validate } from './body/validate.ts';
import type { Call } from './node-http.ts';
import { headerOf } from './node-http.ts';
import { MAX_WAIT_SECONDS } from './schema/limits.ts';
import { WaitQuerySchema } from './schema/parameters.ts';

/** How long a request may be held, and what to say about it. */
export interface Wait {
  readonly ms: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const PREFER_WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])/i;

/**
 * `?wait=S`, or else `Prefer: wait=S` (A17). The query is an order and must be right; the header is a
 * wish: it is cut to what is possible, ignored when it cannot be read, and answered with what was
 * applied (RFC 7240).
 */
export function waitOf(call: Call): Wait {
  const { wait } = validate(WaitQuerySchema, call.req.query());
  if (wait !== undefined) return { ms: wait * 1000, headers: {} };
  const match = PREFER_WAIT.exec(headerOf(call.env.incoming, HEADERS.prefer) ?? '');
  if (match === null) return { ms: undefined, headers: {} };
  const seconds = Math.min(MAX_WAIT_SECONDS, Number(match[1]));
  return { ms: seconds * 1000, headers: { [HEADERS.preferenceApplied]: `wait=${seconds}` } };
}
