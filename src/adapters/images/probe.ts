import PQueue from 'p-queue';
import sharp from 'sharp';
import { ProblemError } from '../../core/problem.ts';
import { sniffImageType } from './sniff.ts';

/** Decoders at work at once: each may hold tens of megabytes, and all share the machine's cores. */
const MAX_PROBES = 2;
/** Probes that may wait; each holds its upload in memory. */
const MAX_WAITING = 64;
/** Some small files decode for minutes. */
const TIMEOUT_SECONDS = 10;
/** The image is decoded once, whole, into this many pixels squared. */
const TINY = 16;

/** What a header and one decoding tell about an image. */
interface ImageProbe {
  /** By content, whatever the sender called it. */
  readonly contentType: string;
  /** Of the upright image: EXIF orientation applied. */
  readonly width: number;
  readonly height: number;
}

export type ProbeImage = (bytes: Uint8Array) => Promise<ImageProbe>;

/**
 * Makes a probe for untrusted images (A9). It reads the header first, so that an image of too many
 * pixels costs nothing, then decodes once to a tiny size, row by row, so that a truncated or lying
 * file is found out now and not by the feature server. Of animations and multi-page files only the
 * first picture counts.
 *
 * @throws {ProblemError} `unsupported_image`, `image_too_many_pixels`, or `rate_limited`
 */
export function createImageProbe(maxPixels: number): ProbeImage {
  allowNeededLoaders();
  const queue = new PQueue({ concurrency: MAX_PROBES });
  return (bytes) => {
    const contentType = sniffImageType(bytes);
    if (contentType === undefined) return Promise.reject(unsupported());
    if (queue.size >= MAX_WAITING) {
      return Promise.reject(
        new ProblemError('rate_limited', 'Too many images arrive at once.', {
          retryAfterMs: 1_000,
        }),
      );
    }
    return queue.add(() => probe(bytes, contentType, maxPixels));
  };
}

let loadersChosen = false;

/**
 * libvips reads more kinds than we offer; a decoder that is not needed is only an open door. Once for
 * the process: doing it again would fail the images that are being decoded at that moment.
 */
function allowNeededLoaders(): void {
  if (loadersChosen) return;
  loadersChosen = true;
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({
    operation: [
      'VipsForeignLoadJpeg',
      'VipsForeignLoadPng',
      'VipsForeignLoadWebp',
      'VipsForeignLoadHeif',
      'VipsForeignLoadNsgif',
      'VipsForeignLoadTiff',
    ],
  });
}

async function probe(
  bytes: Uint8Array,
  contentType: string,
  maxPixels: number,
): Promise<ImageProbe> {
  const { width, height } = await readHeader(bytes, contentType);
  if (width * height > maxPixels) {
    throw new ProblemError(
      'image_too_many_pixels',
      `The image has ${width} × ${height} pixels; at most ${maxPixels} are taken.`,
    );
  }
  try {
    await sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels, sequentialRead: true })
      .timeout({ seconds: TIMEOUT_SECONDS })
      .resize(TINY, TINY, { fit: 'fill' })
      .raw()
      .toBuffer();
  } catch (error) {
    throw unsupported(error);
  }
  return { contentType, width, height };
}

async function readHeader(bytes: Uint8Array, contentType: string) {
  try {
    const header = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (header.mediaType !== contentType) throw unsupported();
    return header.autoOrient;
  } catch (error) {
    throw unsupported(error);
  }
}

function unsupported(cause?: unknown): ProblemError {
  return new ProblemError(
    'unsupported_image',
    'Not a whole JPEG, PNG, WebP, AVIF, GIF or TIFF image.',
    { cause },
  );
}
