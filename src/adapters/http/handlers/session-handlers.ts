import { limitsOf } from '../../../gateway/settings.ts';
import { paths } from '../../../protocol/routes.ts';
import { empty, json, keptJson } from '../answers.ts';
import { readJson } from '../body/json-body.ts';
import type { FaceContext } from '../context.ts';
import { ANYONE, bodyOf, enter } from '../context.ts';
import { claimOf, once } from '../idempotency.ts';
import type { Call } from '../node-http.ts';
import { OPERATIONS } from '../operations/table.ts';

/** A6–A8. */
export function sessionHandlers(face: FaceContext) {
  const { gateway } = face;
  return {
    createSession: async (call: Call) => {
      const { request } = OPERATIONS.createSession;
      const body = await readJson(bodyOf(face, call), request.json, {});
      return once(face, claimOf(call, body.raw), async () => {
        const created = await gateway.sessions.create({ ...ANYONE, ...body.value });
        const { sessionId } = created;
        const links = {
          self: paths.session(sessionId),
          events: paths.events(sessionId),
          images: paths.images(sessionId),
          clicks: paths.clicks(sessionId),
        };
        const limits = limitsOf(gateway.settings);
        return keptJson(201, { ...created, limits, links }, { Location: links.self });
      });
    },
    getSession: async (call: Call) => {
      const { sessionId } = await enter(face, call);
      return json(200, await gateway.sessions.snapshot(sessionId));
    },
    deleteSession: async (call: Call) => {
      const { sessionId } = await enter(face, call);
      await gateway.sessions.remove(sessionId);
      return empty(204);
    },
  };
}
