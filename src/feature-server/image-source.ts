import { createHash } from 'node:crypto';
import { request } from 'undici';
import { FeatureError } from './feature-error.ts';

/** A file above this is refused while it is still being read (A6, A9: 5 MiB a part). */
export const MAX_IMAGE_BYTES = 5 * 1024 * 1024;
/** A gateway that stops sending must not hold a place for ever. */
const FETCH_TIMEOUT_MS = 10_000;
/** Ids of this form name the bytes by their content. */
const CONTENT_ID = /^sha256-([0-9a-f]{64})$/;

/**
 * Fetches an image's bytes from the caller's url, following no redirects.
 * @throws {FeatureError} 502 when it cannot be had now, 413 above {@link MAX_IMAGE_BYTES}, 422 when
 *   the bytes are not those that a content id names
 */
export async function fetchImage(
  url: string,
  id: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await download(url, signal);
  const named = CONTENT_ID.exec(id)?.[1];
  if (named && createHash('sha256').update(bytes).digest('hex') !== named) {
    throw new FeatureError('image: the bytes at its url are not those that its id names', {
      status: 422,
    });
  }
  return bytes;
}

async function download(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
  try {
    const { statusCode, headers, body } = await request(url, { signal: limit });
    if (statusCode !== 200) {
      await body.dump();
      throw new FeatureError(`image: its url answered ${statusCode}`, { status: 502 });
    }
    return await readBounded(body, Number(headers['content-length'] ?? 0));
  } catch (error) {
    if (error instanceof FeatureError || signal.aborted) throw error;
    throw new FeatureError('image: its url could not be read', { status: 502, cause: error });
  }
}

async function readBounded(body: AsyncIterable<Uint8Array>, announced: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = announced > MAX_IMAGE_BYTES ? announced : 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_IMAGE_BYTES) {
      throw new FeatureError(`image: larger than ${MAX_IMAGE_BYTES} bytes`, { status: 413 });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
