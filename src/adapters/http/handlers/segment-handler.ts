import type { z } from 'zod';
import { ProblemError } from '../../../core/problem.ts';
import type { SessionFacts } from '../../../ports/session-store.ts';
import { paths } from '../../../protocol/routes.ts';
import { keptJson } from '../answers.ts';
import type { RawUpload } from '../body/image-upload.ts';
import {
  errorInPart,
  inspectUpload,
  requirePart,
  uploadContent,
  validatePart,
} from '../body/image-upload.ts';
import { mediaTypeOf } from '../body/media-type.ts';
import { readMultipart } from '../body/multipart.ts';
import type { BodySource } from '../body/read-body.ts';
import { hasNoBody } from '../body/read-body.ts';
import { invalidInput, parseStrictJson } from '../body/strict-json.ts';
import { validate } from '../body/validate.ts';
import type { FaceContext } from '../context.ts';
import { ANYONE, bodyOf } from '../context.ts';
import { claimOf, once, traceparentOf } from '../idempotency.ts';
import type { Call } from '../node-http.ts';
import { MAX_WAIT_SECONDS } from '../schema/limits.ts';
import { SegmentRequestSchema } from '../schema/requests.ts';
import { ImageIdSchema } from '../schema/values.ts';
import { waitOf } from '../wait.ts';

/** Bytes of the part `request`. */
const MAX_REQUEST_BYTES = 64 * 1024;

interface SegmentInput {
  readonly upload: RawUpload;
  readonly raw: unknown;
  readonly request: z.output<typeof SegmentRequestSchema>;
}

/** A17: session, image and click in one request. */
export function segmentHandlers(face: FaceContext) {
  const { gateway } = face;
  return {
    segment: async (call: Call) => {
      const { ms = MAX_WAIT_SECONDS * 1000, headers } = waitOf(call);
      const input = await readSegment(bodyOf(face, call), gateway.settings.maxImageBytes);
      const content = { ...uploadContent(input.upload), request: input.raw };
      return once(face, claimOf(call, content), async () => {
        const image = await inspectUpload(input.upload, face.probe);
        const { sessionId } = await gateway.sessions.create(ANYONE);
        const session = await gateway.sessions.enter(sessionId);
        const { clickId } = await orRemove(face, session, async () => {
          await gateway.images.add(session, image);
          return await click(face, call, session, image.image.id, input).catch((error) => {
            throw errorInPart('request', error);
          });
        });
        const state = await gateway.clicks.wait(session, clickId, ms, call.req.raw.signal);
        const ended = state.status !== 'queued' && state.status !== 'running';
        const Location = paths.click(sessionId, clickId);
        return keptJson(ended ? 200 : 202, { sessionId, ...state }, { ...headers, Location });
      });
    },
  };
}

async function click(
  { gateway }: FaceContext,
  call: Call,
  session: SessionFacts,
  imageId: string,
  { request: { points = [], box, label } }: SegmentInput,
) {
  const { accepted } = await gateway.clicks.submit(session, {
    imageId: validate(ImageIdSchema, imageId),
    points,
    box,
    traceparent: traceparentOf(call),
  });
  if (label !== undefined) await gateway.objects.patch(session, accepted.objectId, { label });
  return accepted;
}

/** A refused request leaves nothing behind, neither does half of this one. */
async function orRemove<Result>(
  { gateway }: FaceContext,
  session: SessionFacts,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    await gateway.sessions.remove(session.sessionId);
    throw error;
  }
}

async function readSegment(source: BodySource, maxImageBytes: number): Promise<SegmentInput> {
  if (hasNoBody(source.incoming)) throw invalidInput([{ path: '', message: 'is empty' }]);
  if (mediaTypeOf(source.incoming) !== 'multipart/form-data') {
    throw new ProblemError(
      'unsupported_media_type',
      'Send multipart/form-data with the parts image and request.',
    );
  }
  const parts = await readMultipart(source, { image: maxImageBytes, request: MAX_REQUEST_BYTES });
  const image = requirePart(parts, 'image');
  const text = requirePart(parts, 'request');
  const raw = validatePart('request', () => parseStrictJson(text));
  const request = validatePart('request', () => validate(SegmentRequestSchema, raw));
  return { upload: { image }, raw, request };
}
