/** Part B: what the gateway asks of a feature server. JSON over HTTP/1.1. */
import type { Box, Point } from '../core/prompt.ts';
import type { CocoRle } from './mask.ts';

export const FEATURE_ROUTES = {
  info: '/v1/info',
  health: '/healthz',
  encode: '/v1/encode',
  segment: '/v1/segment',
} as const;

/** B1: `GET /v1/info`. */
export interface FeatureServerInfo {
  readonly name: string;
  readonly version: string;
  readonly models: readonly string[];
  /** Calls that it can work on at once; more would queue or fail. */
  readonly concurrency: number;
  /** False for a server without a separate preparation step; it is never asked to encode. */
  readonly encode: boolean;
  /** True when closing the connection frees the place that the call took. */
  readonly cancellable: boolean;
  readonly maxImageBytes: number;
  /** Media types that it decodes; JPEG, PNG and WebP when absent. */
  readonly imageTypes?: readonly string[];
}

/** An image by reference: fetched once by `url`, kept by `id`. Sizes are upright (EXIF applied). */
export interface ImageReference {
  readonly id: string;
  readonly url: string;
  readonly contentType: string;
  readonly width: number;
  readonly height: number;
}

/** A second image or an embedding, by reference. */
export interface BlobReference {
  readonly id: string;
  readonly url?: string;
}

/** B2: `POST /v1/encode`. */
export interface EncodeRequest {
  readonly requestId: string;
  readonly image: ImageReference;
  readonly reference?: BlobReference;
  /** How long the caller will wait for the answer, from now, in milliseconds. */
  readonly deadlineMs: number;
}

/** B2: the answer of a server that keeps the embedding itself. */
export interface EncodeResponse {
  readonly embedding: {
    readonly id: string;
    readonly bytes?: number;
    readonly dtype?: string;
    readonly shape?: readonly number[];
    readonly ttlMs?: number;
  };
}

/** B3: `POST /v1/segment`. */
export interface SegmentRequest {
  readonly requestId: string;
  readonly image: ImageReference;
  readonly reference?: BlobReference;
  readonly embedding?: BlobReference;
  readonly prompt: { readonly points: readonly Point[]; readonly box?: Box };
  /** How long the caller will wait for the answer, from now, in milliseconds. */
  readonly deadlineMs: number;
  readonly params: Readonly<Record<string, unknown>>;
}

/** B3: the answer. */
export interface SegmentResponse {
  readonly mask: CocoRle;
  /** The server's own confidence, 0–1. */
  readonly score: number;
  readonly model: string;
  readonly timings?: { readonly serverMs: number };
}

/** B5: 409, what the server needs (again) before it can answer. */
export interface MissingResponse {
  readonly missing: readonly ('image' | 'embedding')[];
}
