/** Everything that can go wrong as callers see it: a closed set of codes, one table, one class. */

interface CodeFacts {
  readonly status: number;
  readonly title: string;
  /** True when the same request may succeed later without being changed. */
  readonly retryable: boolean;
}

/** A30. Codes with status 0 appear only inside an event's or a click's `problem`. */
export const PROBLEM_CODES = {
  invalid_request: { status: 400, title: 'The request is not valid', retryable: false },
  unauthenticated: { status: 401, title: 'Credentials are missing or not valid', retryable: false },
  forbidden: { status: 403, title: 'This is not allowed', retryable: false },
  origin_not_allowed: {
    status: 403,
    title: 'This host or origin is not allowed',
    retryable: false,
  },
  not_found: { status: 404, title: 'There is nothing here', retryable: false },
  session_not_found: { status: 404, title: 'No such session', retryable: false },
  image_not_found: { status: 404, title: 'No such image in this session', retryable: false },
  object_not_found: { status: 404, title: 'No such object in this session', retryable: false },
  click_not_found: { status: 404, title: 'No such click in this session', retryable: false },
  method_not_allowed: { status: 405, title: 'This method is not offered here', retryable: false },
  conflict: { status: 409, title: 'This contradicts what is there', retryable: false },
  limit_reached: { status: 409, title: 'A limit of the session is reached', retryable: false },
  idempotency_key_in_use: {
    status: 409,
    title: 'The first request with this key is still running',
    retryable: true,
  },
  payload_too_large: { status: 413, title: 'The body is too large', retryable: false },
  unsupported_media_type: {
    status: 415,
    title: 'This media type is not accepted',
    retryable: false,
  },
  unsupported_image: { status: 415, title: 'Not an image that can be decoded', retryable: false },
  out_of_bounds: { status: 422, title: 'A coordinate lies outside the image', retryable: false },
  image_too_many_pixels: { status: 422, title: 'The image has too many pixels', retryable: false },
  url_not_allowed: { status: 422, title: 'This URL may not be fetched', retryable: false },
  url_fetch_failed: { status: 422, title: 'The URL could not be fetched', retryable: true },
  idempotency_key_reused: {
    status: 422,
    title: 'This key was used with other content',
    retryable: false,
  },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  overloaded: { status: 429, title: 'The wait would be too long', retryable: true },
  internal: { status: 500, title: 'Something went wrong here', retryable: true },
  storage_unavailable: { status: 503, title: 'The storage cannot be reached', retryable: true },
  feature_server_failed: { status: 0, title: 'The feature server failed', retryable: true },
  feature_server_timeout: { status: 0, title: 'The feature server took too long', retryable: true },
  feature_server_rejected: {
    status: 0,
    title: 'The feature server refused this image or prompt',
    retryable: false,
  },
  deadline_exceeded: { status: 0, title: 'The wait was too long', retryable: true },
} as const satisfies Record<string, CodeFacts>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** One thing that is wrong with a request: `path` names the field, `''` the whole body. */
export interface InputError {
  readonly path: string;
  readonly message: string;
}

/** Told in one answer, the first ones; a body can hold thousands. */
export const MAX_INPUT_ERRORS = 20;

/** What some codes say beyond a sentence. */
export interface ProblemExtras {
  readonly errors?: readonly InputError[];
  /** The name of the limit as in `limits` of a session, for `limit_reached`. */
  readonly limit?: string;
  /** Predicted wait, for `overloaded`. */
  readonly etaMs?: number;
  /** Becomes `Retry-After`, rounded up to seconds. */
  readonly retryAfterMs?: number;
  /** Methods offered at this path, for `method_not_allowed`. */
  readonly allow?: readonly string[];
}

/** A failure with a code. Its `message` is shown to callers: no secrets, no internal addresses. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(
    code: ProblemCode,
    detail: string,
    options: ProblemExtras & { cause?: unknown } = {},
  ) {
    const { cause, ...extras } = options;
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
    this.extras = extras;
  }
}

/** True for what fails because the storage cannot be reached: it will pass, and is nobody's mistake. */
export function isStorageLost(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'storage_unavailable';
}

/** RFC 9457, with the members of A2. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status?: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly retryable: boolean;
  readonly errors?: readonly InputError[];
  readonly limit?: string;
  readonly etaMs?: number;
}

/** The body of a problem answer, or of an event's `problem` (then without `status`). */
export function problemBody(
  code: ProblemCode,
  detail: string,
  extras: ProblemExtras = {},
): Problem {
  const { status, title, retryable } = PROBLEM_CODES[code];
  return {
    type: `urn:maskwire:problem:${code}`,
    title,
    ...(status === 0 ? {} : { status }),
    detail,
    code,
    retryable,
    ...(extras.errors === undefined ? {} : { errors: extras.errors.slice(0, MAX_INPUT_ERRORS) }),
    ...(extras.limit === undefined ? {} : { limit: extras.limit }),
    ...(extras.etaMs === undefined ? {} : { etaMs: extras.etaMs }),
  };
}
