import type { Dispatcher } from 'undici';
import { Agent } from 'undici';
import type { Clock } from '../../ports/system.ts';
import { failed, timedOut } from './failure.ts';

/** The largest embedding (5 MiB) with room to spare; what goes on for longer is cut off. */
export const MAX_ANSWER_BYTES = 6 * 1024 * 1024;

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
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

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
    const url = new URL(`${await address(stop.signal)}${request.path}`);
    const answer = await dispatcher.request({
      ...request,
      origin: url.origin,
      path: url.pathname,
      headersTimeout: deadlineMs + TIMEOUT_MARGIN_MS,
      bodyTimeout: deadlineMs + TIMEOUT_MARGIN_MS,
      signal: stop.signal,
    });
    const limit = answer.statusCode === 200 ? MAX_ANSWER_BYTES : MAX_ERROR_BYTES;
    return {
      status: answer.statusCode,
      contentType: headerText(answer.headers['content-type']) ?? '',
      retryAfter: headerText(answer.headers['retry-after']),
      text: await readBounded(answer, limit),
    };
  } catch (cause) {
    if (stop.signal.aborted) throw stop.signal.reason;
    throw asFailure(cause);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', passOn);
  }
}

async function readBounded(
  { statusCode, body }: Dispatcher.ResponseData,
  limit: number,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    // Leaving the loop destroys the body, and with it the connection that would bring more.
    if (length > limit && statusCode !== 200) return '';
    if (length > limit) throw failed('The feature server answered with more than it may.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function asFailure(cause: unknown): Error {
  if (cause instanceof Error && cause.name === 'FeatureServerError') return cause;
  return failed('The connection to the feature server broke.', cause);
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
