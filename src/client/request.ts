/** One request to the gateway: JSON in, JSON out, tried again where that is safe. */
import { HEADERS } from '../protocol/routes.ts';
import type { Environment } from './environment.ts';
import { pause } from './environment.ts';
import {
  errorFromAnswer,
  errorFromBody,
  errorFromNetwork,
  MaskwireError,
} from './maskwire-error.ts';

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  readonly body?: unknown;
  /** Makes a POST safe to repeat (A4). */
  readonly idempotencyKey?: string | undefined;
  readonly accept?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where requests go, and with what. */
export interface Target {
  readonly environment: Environment;
  /** Origin and path prefix of the gateway, without a slash at the end; `''` for the page's own. */
  readonly base: string;
  /** A bearer token for each request, if the gateway asks for one (A29). */
  readonly token?: (() => string | Promise<string>) | undefined;
}

/** A person is waiting: after this many attempts the failure is theirs to know. */
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 300;
/** A longer wait is reported rather than sat out. */
const LONGEST_PAUSE_MS = 3_000;

/** Headers that every request carries. */
export async function headersFor(
  target: Target,
  options: Pick<RequestOptions, 'idempotencyKey' | 'accept'>,
): Promise<Record<string, string>> {
  return {
    Accept: options.accept ?? 'application/json',
    ...(options.idempotencyKey === undefined
      ? {}
      : { [HEADERS.idempotencyKey]: options.idempotencyKey }),
    ...(target.token === undefined ? {} : { Authorization: `Bearer ${await target.token()}` }),
  };
}

/**
 * One attempt.
 * @throws {@link MaskwireError}
 */
export async function requestOnce(
  target: Target,
  path: string,
  options: RequestOptions = {},
): Promise<Response> {
  const headers = await headersFor(target, options);
  const json = options.body === undefined ? undefined : JSON.stringify(options.body);
  const init: RequestInit = {
    method: options.method ?? 'GET',
    headers: json === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
    cache: 'no-store',
    ...(json === undefined ? {} : { body: json }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  let response: Response;
  try {
    response = await target.environment.fetch(`${target.base}${path}`, init);
  } catch (cause) {
    throw errorFromNetwork(cause);
  }
  if (response.ok) return response;
  throw errorFromAnswer(
    response.status,
    await response.text(),
    response.headers.get('Retry-After'),
  );
}

/** How long to wait before the next attempt; `undefined` when there should be none. */
function nextPause(environment: Environment, error: unknown, attempt: number): number | undefined {
  if (!(error instanceof MaskwireError) || !error.retryable || attempt >= ATTEMPTS)
    return undefined;
  const floor = error.retryAfterMs ?? 0;
  if (floor > LONGEST_PAUSE_MS) return undefined;
  const spread = FIRST_PAUSE_MS * 2 ** (attempt - 1);
  return floor + spread / 2 + environment.random() * spread;
}

/** Runs `action` again while its failure is passing and repeating it is safe. */
export async function withRetries<Result>(
  environment: Environment,
  safe: boolean,
  signal: AbortSignal | undefined,
  action: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      const wait = nextPause(environment, error, attempt);
      if (!safe || wait === undefined || signal?.aborted === true) throw error;
      await pause(environment, wait);
    }
  }
}

/**
 * The gateway's successful answer. A GET, PUT, PATCH or DELETE is repeated after a passing failure,
 * a POST only with an idempotency key.
 * @throws {@link MaskwireError}
 */
export function request(
  target: Target,
  path: string,
  options: RequestOptions = {},
): Promise<Response> {
  const safe = options.method !== 'POST' || options.idempotencyKey !== undefined;
  return withRetries(target.environment, safe, options.signal, () =>
    requestOnce(target, path, options),
  );
}

/** {@link request} for an answer in JSON; its shape is what the protocol says of that path. */
export async function requestJson<Body>(
  target: Target,
  path: string,
  options: RequestOptions = {},
): Promise<Body> {
  const response = await request(target, path, options);
  try {
    return (await response.json()) as Body;
  } catch (cause) {
    throw errorFromBody(response.status, cause);
  }
}
