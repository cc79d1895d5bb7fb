import { ProblemError } from '../../../core/problem.ts';
import { paths } from '../../../protocol/routes.ts';
import { json, keptJson, respond } from '../answers.ts';
import { validate } from '../body/validate.ts';
import type { FaceContext } from '../context.ts';
import { parameter } from '../context.ts';
import type { Call } from '../node-http.ts';
import { openApiDocument } from '../operations/openapi.ts';
import { OPERATIONS } from '../operations/table.ts';
import { immutableBytes } from './image-handlers.ts';
import { sendFile } from './static-files.ts';

/** Of the document, which follows the protocol's version and not the package's. */
const API_VERSION = '1.0.0';

/** Folders of the build that the page loads modules from. */
const ASSET_FOLDERS = new Set(['web', 'client', 'core', 'protocol', 'sample']);

/** The page runs its own modules, draws pictures that it made itself, and talks to its own origin. */
const PAGE_POLICY = [
  "default-src 'self'",
  "img-src 'self' blob: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

/** A32, the studio page, and what feature servers fetch. */
export function runningHandlers(face: FaceContext) {
  const { gateway, assetsDir, metricsText } = face;
  let document: string | undefined;
  return {
    getHealth: async () => json(200, { status: 'ok' }),
    getReadiness: async () => {
      const { ready, problems } = await gateway.health.readiness();
      if (!ready) return json(503, { status: 'unavailable', problems });
      return json(200, { status: problems.length === 0 ? 'ready' : 'degraded', problems });
    },
    getMetrics: async () => {
      if (metricsText === undefined) throw new ProblemError('not_found', 'There are no metrics.');
      const { contentType, body } = await metricsText();
      return respond({ status: 200, headers: { 'Content-Type': contentType }, body });
    },
    getOpenApi: async () => {
      document ??= JSON.stringify(openApiDocument(API_VERSION));
      return respond({ ...keptJson(200, {}), body: document });
    },
    getStudio: (call: Call) =>
      sendFile(call, assetsDir, ['web', 'index.html'], { 'Content-Security-Policy': PAGE_POLICY }),
    getAsset: async (call: Call) => {
      const steps = call.req.path.slice(paths.assets.length + 1).split('/');
      if (!ASSET_FOLDERS.has(steps[0] ?? '')) {
        throw new ProblemError('not_found', 'There is no such file.');
      }
      return sendFile(call, assetsDir, steps);
    },
    getBlob: async (call: Call) => {
      const id = parameter(call, 'blobId');
      const query = validate(OPERATIONS.getBlob.query, call.req.query());
      const blob = await gateway.images.fetchSigned(id, query);
      if (blob === undefined) throw new ProblemError('not_found', 'There is nothing here.');
      return immutableBytes(call, id, blob);
    },
  };
}
