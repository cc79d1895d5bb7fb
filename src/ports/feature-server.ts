import type { ServerId, Tenant } from '../core/ids.ts';
import type { Prompt } from '../core/prompt.ts';
import type { Extent } from '../core/rle.ts';
import type { FeatureServerInfo } from '../protocol/feature-server.ts';
import type { CocoRle } from '../protocol/mask.ts';
import type { ImageFacts } from './session-store.ts';

export interface CallOptions {
  readonly requestId: string;
  /** The caller gives up after this many milliseconds. */
  readonly deadlineMs: number;
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  readonly traceparent?: string | undefined;
}

export interface SegmentCall {
  readonly tenant: Tenant;
  readonly image: ImageFacts;
  readonly embeddingId?: string | undefined;
  readonly prompt: Prompt;
}

/** An answer that was checked, with what the check has found out. */
export interface SegmentAnswer extends Extent {
  readonly mask: CocoRle;
  readonly score: number;
  readonly model: string;
}

export interface EncodeCall {
  readonly tenant: Tenant;
  readonly image: ImageFacts;
}

/** How a call can fail, by what the gateway does about it (B5). */
export type FailureKind =
  /** The request is bad: never retried. */
  | 'rejected'
  /** The server needs its embedding or image again. */
  | 'missing'
  /** Too much: back off. */
  | 'overloaded'
  /** 5xx, a broken connection, or an answer that makes no sense. */
  | 'failed'
  /** No connection could be made: the server has not seen the call. */
  | 'unreachable'
  | 'timeout';

/** A call that brought no usable answer. The message names no address and no secret. */
export class FeatureServerError extends Error {
  override readonly name = 'FeatureServerError';
  readonly kind: FailureKind;
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * The slow, heavy service. Its answers are untrusted: an adapter checks schema, sizes and the run
 * lengths before it returns one. Failures are {@link FeatureServerError}s, nothing else.
 */
export interface FeatureServer {
  info(): Promise<FeatureServerInfo>;
  encode(call: EncodeCall, options: CallOptions): Promise<{ readonly embeddingId: string }>;
  segment(call: SegmentCall, options: CallOptions): Promise<SegmentAnswer>;
}

/** One of the servers that a gateway may call, as all gateways name it. */
export interface NamedServer {
  readonly id: ServerId;
  readonly server: FeatureServer;
}
