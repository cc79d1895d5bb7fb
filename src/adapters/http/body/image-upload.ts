/** The two ways in which an image arrives (A9), as one thing. */
import { createHash } from 'node:crypto';
import { ProblemError } from '../../../core/problem.ts';
import type { AddImage, Upload } from '../../../gateway/image-service.ts';
import type { ProbeImage } from '../../images/probe.ts';
import { NameSchema } from '../schema/requests.ts';
import { mediaTypeOf } from './media-type.ts';
import { readMultipart } from './multipart.ts';
import type { BodySource } from './read-body.ts';
import { hasNoBody, readBody } from './read-body.ts';
import { decodeUtf8, invalidInput } from './strict-json.ts';
import { validate } from './validate.ts';

/** Bytes of the part `name`: 200 characters of four bytes. */
const MAX_NAME_BYTES = 800;
const NOTHING = [{ path: '', message: 'is empty' }];
const EMBEDDING_TYPE = 'application/octet-stream';

/** What was sent, not yet looked at. */
export interface RawUpload {
  readonly image: Buffer;
  readonly reference?: Buffer | undefined;
  readonly embedding?: Buffer | undefined;
  readonly name?: string | undefined;
}

/**
 * Reads the bytes of an upload, each part at most `maxBytes`.
 * @throws {ProblemError} 400, 413 or 415
 */
export async function readUpload(source: BodySource, maxBytes: number): Promise<RawUpload> {
  if (hasNoBody(source.incoming)) throw invalidInput(NOTHING);
  const type = mediaTypeOf(source.incoming);
  if (type.startsWith('image/')) {
    const image = await readBody(source, maxBytes);
    if (image.length === 0) throw invalidInput(NOTHING);
    return { image };
  }
  if (type !== 'multipart/form-data') {
    throw new ProblemError(
      'unsupported_media_type',
      'Send an image as image/* or in multipart/form-data.',
    );
  }
  const parts = await readMultipart(source, {
    image: maxBytes,
    reference: maxBytes,
    embedding: maxBytes,
    name: MAX_NAME_BYTES,
  });
  const name = parts.get('name');
  return {
    image: requirePart(parts, 'image'),
    reference: parts.get('reference'),
    embedding: parts.get('embedding'),
    name: name && validatePart('name', () => validate(NameSchema, decodeUtf8(name))),
  };
}

/** @throws {ProblemError} `invalid_request` when the part is missing */
export function requirePart(parts: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const part = parts.get(name);
  if (part === undefined) throw invalidInput([{ path: name, message: 'is missing' }]);
  return part;
}

/** Runs a check of one part; what is wrong in it is named by the part's name. */
export function validatePart<Value>(name: string, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    throw errorInPart(name, error);
  }
}

/** The same failure, its paths beginning with the name of the part. */
export function errorInPart(name: string, error: unknown): unknown {
  if (!(error instanceof ProblemError) || error.extras.errors === undefined) return error;
  const errors = error.extras.errors.map(({ path, message }) => ({
    path: path === '' || path.startsWith('[') ? `${name}${path}` : `${name}.${path}`,
    message,
  }));
  // Its sentence names the first of them.
  if (error.code === 'invalid_request') return invalidInput(errors, error);
  return new ProblemError(error.code, error.message, { ...error.extras, errors, cause: error });
}

/** What a repeated upload is compared by: names and hashes of its parts (A4). */
export const uploadContent = (upload: RawUpload) => ({
  image: contentId(upload.image),
  reference: upload.reference && contentId(upload.reference),
  embedding: upload.embedding && contentId(upload.embedding),
  name: upload.name,
});

/**
 * Looks at the images, so that the gateway knows their types and sizes.
 * @throws {ProblemError} `unsupported_image`, `image_too_many_pixels`, `rate_limited`
 */
export async function inspectUpload(upload: RawUpload, probe: ProbeImage): Promise<AddImage> {
  const { reference, embedding, name } = upload;
  return {
    image: { ...named(upload.image), ...(await probe(upload.image)) },
    reference: reference && {
      ...named(reference),
      contentType: (await probe(reference)).contentType,
    },
    embedding: embedding && { ...named(embedding), contentType: EMBEDDING_TYPE },
    name,
  };
}

const named = (bytes: Buffer): Pick<Upload, 'id' | 'bytes'> => ({ id: contentId(bytes), bytes });

const contentId = (bytes: Uint8Array): string =>
  `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
