import PQueue from 'p-queue';
import { isStorageLost } from '../../../core/problem.ts';
import { Farewells } from '../../../gateway/stream/farewells.ts';
import type { SessionFacts } from '../../../ports/session-store.ts';
import { QUERY } from '../../../protocol/routes.ts';
import { json } from '../answers.ts';
import { validate } from '../body/validate.ts';
import type { FaceContext } from '../context.ts';
import { enter, look } from '../context.ts';
import { held } from '../limits/held.ts';
import { prefersJson } from '../negotiate.ts';
import type { Call } from '../node-http.ts';
import { OPERATIONS } from '../operations/table.ts';
import { MAX_PARTICIPANT_LENGTH } from '../schema/limits.ts';
import { openStream, STREAM_HEADERS } from '../stream/open-stream.ts';
import { streamStart } from '../stream/stream-start.ts';
import { VARY_ACCEPT } from './object-handlers.ts';

/**
 * Streams that look for their session and position at once. When thousands come back together, each of
 * these is served in milliseconds and the storage answers everybody else in between; all at once would
 * wait for each other until the storage's patience is over.
 */
const OPENING_AT_ONCE = 64;

/** A18, A23 and A26. */
export function eventHandlers(face: FaceContext) {
  const openings = new PQueue({ concurrency: OPENING_AT_ONCE });
  return {
    readEvents: (call: Call) =>
      prefersJson(call, STREAM_HEADERS['Content-Type'])
        ? page(face, call)
        : openings.add(() => stream(face, call)),
  };
}

async function page(face: FaceContext, call: Call): Promise<Response> {
  const { wait = 0, limit } = validate(OPERATIONS.readEvents.query, call.req.query());
  const session = await enter(face, call);
  const waitMs = call.req.method === 'HEAD' ? 0 : wait * 1000;
  const { signal } = call.req.raw;
  const answer = await held(face, call, session, waitMs, () =>
    face.gateway.pages.page(session, streamStart(call), { waitMs, limit, signal }),
  );
  return json(200, answer, { Vary: VARY_ACCEPT });
}

async function stream(face: FaceContext, call: Call): Promise<Response> {
  const session = await enterStream(face, call);
  if (call.req.method === 'HEAD') return new Response(null, { headers: { ...STREAM_HEADERS } });
  const who = { participantId: participant(call), address: face.addressOf(call) };
  const start = streamStart(call);
  return openStream(face, call, async (sink) => {
    if (session === undefined) new Farewells(face).turnAway(sink);
    else await face.gateway.streams.open(session, start, sink, who);
  });
}

/** The session; `undefined` when nobody can tell now, which is no reason for an error (A25). */
async function enterStream(face: FaceContext, call: Call): Promise<SessionFacts | undefined> {
  try {
    return await look(face, call);
  } catch (error) {
    if (isStorageLost(error)) return undefined;
    throw error;
  }
}

/** Who reads. A name that cannot be one is ignored: a stream never fails for it. */
function participant(call: Call): string | undefined {
  const name = call.req.query(QUERY.participant);
  const pattern = new RegExp(`^[A-Za-z0-9_-]{1,${MAX_PARTICIPANT_LENGTH}}$`);
  return name !== undefined && pattern.test(name) ? name : undefined;
}
