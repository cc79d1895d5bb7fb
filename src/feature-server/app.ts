import type { Context } from 'hono';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type {
  EncodeResponse,
  FeatureServerInfo,
  MissingResponse,
  SegmentResponse,
} from '../protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../protocol/feature-server.ts';
import { hasBearer } from './bearer.ts';
import { MODEL, VERSION } from './engine/model.ts';
import { FeatureError, MissingError } from './feature-error.ts';
import { IMAGE_TYPES } from './image-decoder.ts';
import { MAX_IMAGE_BYTES } from './image-source.ts';
import { parseEncode, parseSegment } from './requests.ts';
import type { SegmentationService } from './segmentation-service.ts';
import { embeddingId } from './segmentation-service.ts';

/** A thousand points with all their digits; calls carry names of images, not images. */
const MAX_BODY_BYTES = 256 * 1024;
/** How long a caller that was told to back off should wait. */
const RETRY_AFTER_SECONDS = '1';

/** What the HTTP face needs to know. */
export interface FeatureAppOptions {
  readonly service: SegmentationService;
  readonly concurrency: number;
  /** Bearer token that every call must carry; none when absent. */
  readonly token?: string | undefined;
  /** Told of every failure that the caller only sees as a bare 500. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The HTTP face of part B (B1–B3, B5). */
export function createFeatureApp({
  service,
  concurrency,
  token,
  onError,
}: FeatureAppOptions): Hono {
  const app = new Hono();

  app.get(FEATURE_ROUTES.health, (c) => c.json({ status: 'ok' }));

  app.use('/v1/*', async (c, next) => {
    if (token !== undefined && !hasBearer(c.req.header('authorization'), token)) {
      return c.json({ message: 'a bearer token is needed' }, 401, { 'www-authenticate': 'Bearer' });
    }
    return next();
  });
  app.use('/v1/*', bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }));

  app.get(FEATURE_ROUTES.info, (c) => c.json(infoOf(concurrency)));

  app.post(FEATURE_ROUTES.encode, async (c) => {
    const call = parseEncode(await jsonBody(c));
    const { data } = await service.encode(call, deadline(c, call.deadlineMs));
    const answer: EncodeResponse = {
      embedding: { id: embeddingId(call.image.id), bytes: data.byteLength },
    };
    return c.json(answer);
  });

  app.post(FEATURE_ROUTES.segment, async (c) => {
    const started = performance.now();
    const call = parseSegment(await jsonBody(c));
    const { counts, score } = await service.segment(call, deadline(c, call.deadlineMs));
    const { width, height } = call.image;
    const answer: SegmentResponse = {
      mask: { format: 'coco_rle', size: [height, width], counts },
      score,
      model: MODEL,
      timings: { serverMs: Math.round(performance.now() - started) },
    };
    return c.json(answer);
  });

  app.notFound((c) => c.json({ message: 'not found' }, 404));
  app.onError((error, c) => problem(error, c, onError));
  return app;
}

function infoOf(concurrency: number): FeatureServerInfo {
  return {
    name: 'maskwire-embedded',
    version: VERSION,
    models: [MODEL],
    concurrency,
    encode: true,
    // A thread goes on with what it has begun (`worker-pool.ts`): who hangs up frees no place.
    cancellable: false,
    maxImageBytes: MAX_IMAGE_BYTES,
    imageTypes: IMAGE_TYPES,
  };
}

/** The rest of the body stays unread, so the connection cannot be used again. */
function tooLarge(c: Context): Response {
  return c.json({ message: 'body: too large' }, 413, { connection: 'close' });
}

/** Only JSON that says so: a page of another origin cannot send that without asking first. */
async function jsonBody(c: Context): Promise<unknown> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\b/i.test(type))
    throw new FeatureError('send application/json', { status: 415 });
  try {
    return await c.req.json();
  } catch (error) {
    throw new FeatureError('body: not JSON', { status: 400, cause: error });
  }
}

/** Aborts when the caller hangs up, or at the moment after which it no longer wants the answer. */
function deadline(c: Context, deadlineMs: number | undefined): AbortSignal {
  const hangUp = c.req.raw.signal;
  if (deadlineMs === undefined) return hangUp;
  return AbortSignal.any([
    hangUp,
    AbortSignal.timeout(Math.min(Math.ceil(deadlineMs), 2 ** 31 - 1)),
  ]);
}

function problem(error: Error, c: Context, onError?: (error: unknown) => void): Response {
  if (error instanceof MissingError) {
    const answer: MissingResponse = { missing: error.missing };
    return c.json(answer, 409);
  }
  if (error instanceof FeatureError) {
    const backOff = error.status === 429 || error.status === 503;
    const headers = backOff ? { 'retry-after': RETRY_AFTER_SECONDS } : {};
    return c.json({ message: error.message }, error.status, headers);
  }
  if (error.name === 'TimeoutError') {
    return c.json({ message: 'past its deadline' }, 503, { 'retry-after': RETRY_AFTER_SECONDS });
  }
  if (!c.req.raw.signal.aborted) onError?.(error);
  return c.json({ message: 'internal error' }, 500);
}
