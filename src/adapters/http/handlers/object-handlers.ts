import { ProblemError } from '../../../core/problem.ts';
import { maskPng } from '../../images/mask-png.ts';
import { bytes, empty, isKnown, json } from '../answers.ts';
import { readJson } from '../body/json-body.ts';
import { validate } from '../body/validate.ts';
import type { FaceContext } from '../context.ts';
import { bodyOf, enter, objectParameter } from '../context.ts';
import { prefersJson } from '../negotiate.ts';
import type { Call } from '../node-http.ts';
import { headerOf } from '../node-http.ts';
import { OPERATIONS } from '../operations/table.ts';
import { cocoDataset } from './coco-export.ts';

const PNG = 'image/png';
/** The answer depends on both; the front door alone would say `Origin`. */
export const VARY_ACCEPT = 'Accept, Origin';

/** A16. */
export function objectHandlers(face: FaceContext) {
  const { gateway } = face;
  return {
    getObject: async (call: Call) => {
      const session = await enter(face, call);
      return json(200, await gateway.objects.get(session, objectParameter(call)));
    },
    patchObject: async (call: Call) => {
      const session = await enter(face, call);
      const id = objectParameter(call);
      const { value } = await readJson(bodyOf(face, call), OPERATIONS.patchObject.request.json);
      return json(200, await gateway.objects.patch(session, id, value));
    },
    deleteObject: async (call: Call) => {
      const session = await enter(face, call);
      await gateway.objects.remove(session, objectParameter(call));
      return empty(204);
    },
    retryObject: async (call: Call) => {
      const session = await enter(face, call);
      return json(202, await gateway.objects.retry(session, objectParameter(call)));
    },
    getMask: async (call: Call) => {
      const session = await enter(face, call);
      const { result } = await gateway.objects.get(session, objectParameter(call));
      if (result === undefined) throw new ProblemError('not_found', 'There is no mask yet.');
      // Of the mask, not of the object: a newer prompt may be under way.
      const etag = `"${result.revision}"`;
      const headers = { ETag: etag, 'Cache-Control': 'private, no-cache', Vary: VARY_ACCEPT };
      if (isKnown(headerOf(call.env.incoming, 'if-none-match'), etag)) return empty(304, headers);
      if (prefersJson(call, PNG)) return json(200, result.mask, headers);
      return bytes(200, await maskPng(result.mask), { ...headers, 'Content-Type': PNG });
    },
    exportSession: async (call: Call) => {
      const { sessionId } = await enter(face, call);
      validate(OPERATIONS.exportSession.query, call.req.query());
      return json(200, cocoDataset(await gateway.sessions.snapshot(sessionId)));
    },
  };
}
