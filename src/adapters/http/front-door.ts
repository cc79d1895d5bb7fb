import type { Clock, Logger, Random } from '../../ports/system.ts';
import { HEADERS } from '../../protocol/routes.ts';
import { answerPreflight, isPreflight, setCorsHeaders } from './cors.ts';
import { sendPlain } from './early-answer.ts';
import type { GuardOptions } from './host-guard.ts';
import { callerRequestId, checkHostAndOrigin } from './host-guard.ts';
import type { Incoming, NodeListener, Outgoing } from './node-http.ts';
import { problemAnswer } from './problem-answer.ts';

/** Of requests whose caller brought no id of its own. */
const REQUEST_ID_BYTES = 12;

/** Nothing that the gateway answers is a page, but the studio, which brings its own. */
const STANDING_HEADERS = Object.entries({
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
});

export interface FrontDoorOptions extends GuardOptions {
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The id of the request that this response answers. */
export const requestIdOf = (outgoing: Outgoing): string =>
  String(outgoing.getHeader(HEADERS.requestId));

/**
 * What happens to every request before it is routed: it gets its id, the headers that every answer
 * carries, CORS, and the check of host and origin. All of it is set on Node's response, so that
 * errors, preflights and raw streams are no exception.
 */
export function createFrontDoor(options: FrontDoorOptions, inside: NodeListener): NodeListener {
  return (incoming, outgoing) => {
    const id = callerRequestId(incoming) ?? `req_${options.random.token(REQUEST_ID_BYTES)}`;
    outgoing.setHeader(HEADERS.requestId, id);
    for (const [name, value] of STANDING_HEADERS) outgoing.setHeader(name, value);
    setCorsHeaders(incoming, outgoing, options.cors);
    if (!admit(incoming, outgoing, options)) return;
    if (isPreflight(incoming)) answerPreflight(outgoing);
    else inside(incoming, outgoing);
  };
}

function admit(incoming: Incoming, outgoing: Outgoing, options: FrontDoorOptions): boolean {
  try {
    checkHostAndOrigin(incoming, options);
    return true;
  } catch (error) {
    const answer = problemAnswer(error, options.log, requestIdOf(outgoing));
    sendPlain(incoming, outgoing, answer, options.clock);
    return false;
  }
}
