import type { ImageBody } from '../protocol/bodies.ts';
import { HEADERS, paths } from '../protocol/routes.ts';
import type { UploadResponse } from './environment.ts';
import { errorFromAnswer, errorFromBody, errorFromNetwork } from './maskwire-error.ts';
import type { Target } from './request.ts';
import { headersFor, withRetries } from './request.ts';

/** An image and what belongs to it (A9). */
export interface ImageUpload {
  readonly image: Blob;
  readonly name?: string | undefined;
  /** A second image for the feature server: a prior mask or a companion view. */
  readonly reference?: Blob | undefined;
  /** An embedding that was made before, as the feature server reads it. */
  readonly embedding?: Blob | undefined;
  /** Called with 0–1 while bytes leave, where the platform can tell. */
  readonly onProgress?: ((part: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

function formOf(upload: ImageUpload): FormData {
  const form = new FormData();
  // Small parts first: whoever reads the form as it comes knows the name before the bytes.
  if (upload.name !== undefined) form.set('name', upload.name);
  form.set('image', upload.image, upload.name ?? 'image');
  if (upload.reference !== undefined) form.set('reference', upload.reference, 'reference');
  if (upload.embedding !== undefined) form.set('embedding', upload.embedding, 'embedding');
  return form;
}

async function send(
  target: Target,
  path: string,
  upload: ImageUpload,
  headers: Record<string, string>,
): Promise<UploadResponse> {
  const { environment, base } = target;
  const { signal } = upload;
  const body = formOf(upload);
  const url = `${base}${path}`;
  if (environment.upload !== undefined && upload.onProgress !== undefined) {
    const { onProgress } = upload;
    return await environment.upload({ url, headers, body, onProgress, signal });
  }
  const response = await environment.fetch(url, {
    method: 'POST',
    headers,
    body,
    ...(signal === undefined ? {} : { signal }),
  });
  const retryAfter = response.headers.get(HEADERS.retryAfter);
  return { status: response.status, text: await response.text(), retryAfter };
}

/**
 * Adds an image to a session; repeating it is harmless, since an image is named by its content.
 * @throws {@link MaskwireError}
 */
export function uploadImage(
  target: Target,
  sessionId: string,
  upload: ImageUpload,
): Promise<ImageBody> {
  const path = paths.images(sessionId);
  const idempotencyKey = target.environment.unique();
  return withRetries(target.environment, true, upload.signal, async () => {
    const headers = await headersFor(target, { idempotencyKey });
    const answer = await send(target, path, upload, headers).catch((cause: unknown) => {
      throw errorFromNetwork(cause);
    });
    const { status, text, retryAfter } = answer;
    if (status < 200 || status > 299) throw errorFromAnswer(status, text, retryAfter);
    try {
      return JSON.parse(text) as ImageBody;
    } catch (cause) {
      throw errorFromBody(status, cause);
    }
  });
}
