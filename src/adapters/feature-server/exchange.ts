import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { Agent } from 'undici';
import type { Clock } from '../../ports/system.ts';
import { failed, timedOut, unreachable } from './failure.ts';

/** The largest mask, every character written as `\uXXXX`, and more; what goes on for longer is cut off. */
export const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/** What is read of an error's body so that its connection can be used again. */
const MAX_ERROR_BYTES = 64 * 1024;

/** A server that does not take a connection in this time is not there. */
const CONNECT_TIMEOUT_MS = 2_000;

/** Beyond our own deadline, which is exact; the parser's timers are coarse and only a second net. */
const TIMEOUT_MARGIN_MS = 1_000;

/** Connections to one server; calls are bounded by whoever makes them, this bounds a mistake. */
export function createAgent(connections: number): Agent {
  return new Agent({
    connections,
    pipelining: 1,
    allowH2: false,
    maxResponseSize: MAX_ANSWER_BYTES,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });
}

export interface ExchangeOptions {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** The caller's; its reason passes through as it is. */
  readonly signal?: AbortSignal | undefined;
}

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

export interface ExchangeAnswer {
  readonly status: number;
  /** In lower case, without parameters; `''` when the server names none. */
  readonly mediaType: string;
  readonly retryAfter: string | undefined;
  /** The body, if it is JSON by its type or has none; else it was not read. */
  readonly text: string;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** One that says nothing is taken at its word: only its body can tell. */
export const isJson = (mediaType: string): boolean =>
  mediaType === '' || /^application\/(?:[\w.+-]+\+)?json$/.test(mediaType);

/**
 * One request and its whole answer, bounded in time and size. Redirects are not followed: a server
 * that was configured is asked, nobody that it points at.
 * @throws {FeatureServerError} `timeout` at the deadline, `failed` for a broken connection or an
 *   endless answer; the reason of the caller's signal when that aborts
 */
export async function exchange(
  address: (signal: AbortSignal) => Promise<string>,
  request: ExchangeRequest,
  { dispatcher, clock, deadlineMs, signal }: ExchangeOptions,
): Promise<ExchangeAnswer> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const timer = clock.after(deadlineMs, () => stop.abort(timedOut()));
  const passOn = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', passOn, { once: true });
  try {
    const url = parsed(`${await address(stop.signal)}${request.path}`);
    const answer = await dispatcher.request({
      ...request,
      origin: url.origin,
      path: url.pathname,
      headersTimeout: deadlineMs + TIMEOUT_MARGIN_MS,
      bodyTimeout: deadlineMs + TIMEOUT_MARGIN_MS,
      signal: stop.signal,
    });
    const mediaType = mediaTypeOf(headerText(answer.headers['content-type']));
    return {
      status: answer.statusCode,
      mediaType,
      retryAfter: headerText(answer.headers['retry-after']),
      text: await readText(answer, mediaType),
    };
  } catch (cause) {
    if (stop.signal.aborted) throw stop.signal.reason;
    throw asFailure(cause);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', passOn);
  }
}

/** Calls go to the same place, as a rule. */
let last = new URL('http://localhost');

function parsed(text: string): URL {
  if (text !== last.href) last = new URL(text);
  return last;
}

async function readText(answer: Dispatcher.ResponseData, mediaType: string): Promise<string> {
  if (answer.statusCode !== 200) return await readRefusal(answer.body);
  const coding = headerText(answer.headers['content-encoding']) ?? 'identity';
  const wrong = coding.toLowerCase() !== 'identity';
  if (wrong || !isJson(mediaType)) {
    // Ends the connection, and with it whatever would still come.
    answer.body.on('error', () => undefined).destroy();
    // Nothing but identity was asked for: what is packed may be anything when it is unpacked.
    if (wrong) throw failed('The feature server answered in a coding that it was not asked for.');
    return '';
  }
  const bytes = await readBounded(answer.body, MAX_ANSWER_BYTES);
  if (bytes === undefined) throw failed('The feature server answered with more than it may.');
  return decode(bytes);
}

/** What a refusal says beyond its status is of no use when it is long or unreadable. */
async function readRefusal(body: Readable): Promise<string> {
  const bytes = await readBounded(body, MAX_ERROR_BYTES);
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}

/** All of it, or nothing when it is longer: that ends the connection that brings more. */
function readBounded(body: Readable, limit: number): Promise<Uint8Array | undefined> {
  // By hand, since every call goes through here: an iterator costs more than all the rest.
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    body.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= limit) {
        chunks.push(chunk);
        return;
      }
      resolve(undefined);
      body.destroy();
    });
    body.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    body.on('error', reject);
    body.on('close', () => reject(new Error('the body ended early')));
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw failed("The feature server's answer is not UTF-8.", cause);
  }
}

const mediaTypeOf = (contentType = ''): string =>
  contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';

function asFailure(cause: unknown): Error {
  if (cause instanceof Error && cause.name === 'FeatureServerError') return cause;
  if (codesOf(cause).some((code) => NEVER_CONNECTED.has(code))) return unreachable(cause);
  return failed('The connection to the feature server broke.', cause);
}

/** Errors of the connection's beginning; every other one may come after the server has begun to work. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Of a name with several addresses each has an error of its own. */
function codesOf(cause: unknown): readonly string[] {
  if (!(cause instanceof Error)) return [];
  const own = 'code' in cause && typeof cause.code === 'string' ? [cause.code] : [];
  return [...own, ...(cause instanceof AggregateError ? cause.errors.flatMap(codesOf) : [])];
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
