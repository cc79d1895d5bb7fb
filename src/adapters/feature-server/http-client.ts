import type { Dispatcher } from 'undici';
import type { Tenant } from '../../core/ids.ts';
import type {
  CallOptions,
  EncodeCall,
  FeatureServer,
  SegmentAnswer,
  SegmentCall,
} from '../../ports/feature-server.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { ImageFacts } from '../../ports/session-store.ts';
import type { Clock } from '../../ports/system.ts';
import type {
  BlobReference,
  EncodeRequest,
  FeatureServerInfo,
  ImageReference,
  SegmentRequest,
} from '../../protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../protocol/feature-server.ts';
import { HEADERS } from '../../protocol/routes.ts';
import { readEncoded, readInfo, readMissing, readSegmented } from './answers.ts';
import type { ExchangeAnswer, ExchangeRequest } from './exchange.ts';
import { createAgent, exchange, isJson } from './exchange.ts';
import { failed, failureOfStatus } from './failure.ts';

/** Asking a server what it is should be instant; a slow answer is as good as none. */
const INFO_TIMEOUT_MS = 5_000;
/** How long that answer is believed: a server may be exchanged behind its address. */
const INFO_TTL_MS = 60_000;
/** W3C Trace Context. Anything else that a caller sent as one is not passed on. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface HttpFeatureServerOptions {
  /**
   * Base address of the server, without a slash at the end. Asked before each call, because the
   * embedded server comes back on another port; may wait until there is one, not beyond the signal.
   */
  readonly address: (signal: AbortSignal) => Promise<string>;
  /** Where the server fetches a blob: absolute, short-lived. */
  readonly signUrl: (blobId: string, tenant: Tenant) => string;
  readonly clock: Clock;
  /** Bearer token of every call. */
  readonly token?: string | undefined;
  /** Connections open at once; more calls than that wait for one. */
  readonly connections?: number;
}

/** Part B by reference: images are named and fetched by the server, clicks cost less than a KiB. */
export class HttpFeatureServer implements FeatureServer, AsyncDisposable {
  readonly #options: HttpFeatureServerOptions;
  readonly #dispatcher: Dispatcher;
  #info: { readonly value: FeatureServerInfo; readonly until: number } | undefined;

  constructor(options: HttpFeatureServerOptions) {
    this.#options = options;
    this.#dispatcher = createAgent(options.connections ?? 64);
  }

  async info(): Promise<FeatureServerInfo> {
    const now = this.#options.clock.now();
    if (this.#info !== undefined && now < this.#info.until) return this.#info.value;
    const request = { method: 'GET', path: FEATURE_ROUTES.info, headers: {} } as const;
    const answer = await this.#exchange(request, { deadlineMs: INFO_TIMEOUT_MS });
    const value = readInfo(jsonOf(answer));
    this.#info = { value, until: now + INFO_TTL_MS };
    return value;
  }

  async encode(
    { tenant, image }: EncodeCall,
    options: CallOptions,
  ): Promise<{ readonly embeddingId: string }> {
    const body: EncodeRequest = {
      requestId: options.requestId,
      image: this.#image(image, tenant),
      ...this.#reference(image, tenant),
      deadlineMs: options.deadlineMs,
    };
    const answer = await this.#post(FEATURE_ROUTES.encode, body, options);
    if (answer.mediaType === 'application/octet-stream') {
      throw new FeatureServerError(
        'rejected',
        'The feature server sends embeddings by value, which this gateway does not keep.',
      );
    }
    return readEncoded(jsonOf(answer));
  }

  async segment(call: SegmentCall, options: CallOptions): Promise<SegmentAnswer> {
    const { tenant, image, prompt } = call;
    const body: SegmentRequest = {
      requestId: options.requestId,
      image: this.#image(image, tenant),
      ...this.#reference(image, tenant),
      ...this.#embedding(call),
      prompt: { points: prompt.points, ...(prompt.box === undefined ? {} : { box: prompt.box }) },
      deadlineMs: options.deadlineMs,
      params: {},
    };
    const answer = await this.#post(FEATURE_ROUTES.segment, body, options);
    return readSegmented(jsonOf(answer), image);
  }

  /** Closes the connections; calls under way fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #post(path: string, body: unknown, options: CallOptions): Promise<ExchangeAnswer> {
    const { traceparent } = options;
    const headers = {
      'content-type': 'application/json',
      ...(traceparent !== undefined && TRACEPARENT.test(traceparent)
        ? { [HEADERS.traceparent]: traceparent }
        : {}),
    };
    const request = { method: 'POST', path, headers, body: JSON.stringify(body) } as const;
    return await this.#exchange(request, options);
  }

  async #exchange(
    request: ExchangeRequest,
    limits: { readonly deadlineMs: number; readonly signal?: AbortSignal },
  ): Promise<ExchangeAnswer> {
    const { address, clock, token } = this.#options;
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { accept: 'application/json', ...bearer, ...request.headers };
    const answer = await exchange(
      address,
      { ...request, headers },
      { ...limits, dispatcher: this.#dispatcher, clock },
    );
    if (answer.status === 200) return answer;
    if (answer.status === 409) throw readMissing(answer.text);
    throw failureOfStatus(answer.status, answer.retryAfter, clock.now());
  }

  #image(image: ImageFacts, tenant: Tenant): ImageReference {
    const { imageId: id, contentType, width, height } = image;
    return { id, url: this.#options.signUrl(id, tenant), contentType, width, height };
  }

  #reference({ reference }: ImageFacts, tenant: Tenant): { reference?: BlobReference } {
    return reference === undefined ? {} : { reference: this.#blob(reference.blobId, tenant) };
  }

  /** One that came with the image has a URL; one that the server made is known to it by name. */
  #embedding({ image, tenant, embeddingId }: SegmentCall): { embedding?: BlobReference } {
    if (image.embedding !== undefined) {
      return { embedding: this.#blob(image.embedding.blobId, tenant) };
    }
    return embeddingId === undefined ? {} : { embedding: { id: embeddingId } };
  }

  #blob(id: string, tenant: Tenant): BlobReference {
    return { id, url: this.#options.signUrl(id, tenant) };
  }
}

function jsonOf({ mediaType, text }: ExchangeAnswer): string {
  if (isJson(mediaType)) return text;
  throw failed('The feature server answered with something else than JSON.');
}
