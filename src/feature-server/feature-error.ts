/** Statuses that the caller acts on (B5): 4xx are never retried, 409 asks for more, 5xx are. */
export type FeatureStatus = 400 | 401 | 409 | 413 | 415 | 422 | 429 | 502 | 503;

/** A refusal that goes to the caller as it is; anything else becomes a bare 500. */
export class FeatureError extends Error {
  override readonly name = 'FeatureError';
  readonly status: FeatureStatus;

  constructor(message: string, options: ErrorOptions & { readonly status: FeatureStatus }) {
    super(message, options);
    this.status = options.status;
  }
}

/** 409: the image must be sent, or a url to fetch it from (B5). */
export class MissingError extends FeatureError {
  readonly missing: readonly ('image' | 'embedding')[];

  constructor(missing: readonly ('image' | 'embedding')[]) {
    super(`missing: ${missing.join(', ')}`, { status: 409 });
    this.missing = missing;
  }
}
