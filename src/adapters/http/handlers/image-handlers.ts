import type { Blob } from '../../../ports/blob-store.ts';
import { paths } from '../../../protocol/routes.ts';
import { bytes, empty, isKnown, keptJson } from '../answers.ts';
import { inspectUpload, readUpload, uploadContent } from '../body/image-upload.ts';
import { byteRange } from '../byte-range.ts';
import type { FaceContext } from '../context.ts';
import { bodyOf, enter, imageParameter } from '../context.ts';
import { claimOf, once } from '../idempotency.ts';
import type { Call } from '../node-http.ts';
import { headerOf } from '../node-http.ts';

/** The content is the name, so it never changes (A10). */
const FOR_EVER = 'private, max-age=31536000, immutable';

/** A9 and A10. */
export function imageHandlers(face: FaceContext) {
  const { gateway } = face;
  return {
    addImage: async (call: Call) => {
      const session = await enter(face, call);
      const upload = await readUpload(bodyOf(face, call), gateway.settings.maxImageBytes);
      return once(face, claimOf(call, uploadContent(upload)), async () => {
        const input = await inspectUpload(upload, face.probe);
        const { added, image } = await gateway.images.add(session, input);
        const Location = paths.image(session.sessionId, image.imageId);
        return keptJson(added ? 201 : 200, image, { Location });
      });
    },
    getImage: async (call: Call) => {
      const session = await enter(face, call);
      const id = imageParameter(call);
      const { blob } = await gateway.images.find(session, id);
      return immutableBytes(call, id, blob);
    },
    deleteImage: async (call: Call) => {
      const session = await enter(face, call);
      await gateway.images.remove(session, imageParameter(call));
      return empty(204);
    },
  };
}

/** Content that is named by itself: whole, in part, or known already. */
export function immutableBytes(call: Call, id: string, blob: Blob): Response {
  const { incoming } = call.env;
  const etag = `"${id}"`;
  const headers = {
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Cache-Control': FOR_EVER,
    'Content-Type': blob.contentType,
  };
  if (isKnown(headerOf(incoming, 'if-none-match'), etag)) return empty(304, headers);
  const ifRange = headerOf(incoming, 'if-range');
  const asked = ifRange === undefined || ifRange === etag ? headerOf(incoming, 'range') : undefined;
  const total = blob.bytes.length;
  const range = byteRange(asked, total);
  if (range === undefined) return bytes(200, blob.bytes, headers);
  return bytes(206, blob.bytes.subarray(range.start, range.end), {
    ...headers,
    'Content-Range': `bytes ${range.start}-${range.end - 1}/${total}`,
  });
}
