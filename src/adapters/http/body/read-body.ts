import { ProblemError } from '../../../core/problem.ts';
import type { Clock } from '../../../ports/system.ts';
import { allowBody } from '../early-answer.ts';
import type { Incoming, Outgoing } from '../node-http.ts';
import { headerOf, isHttp2 } from '../node-http.ts';
import { RequestRefused } from '../request-refused.ts';
import type { ByteBudget } from './byte-budget.ts';

/** A body of which nothing arrives for this long is given up: slow writers would hold memory. */
const IDLE_MS = 10_000;

/** The request under way, and what reading its body needs. */
export interface BodySource {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly clock: Clock;
  readonly budget: ByteBudget;
}

/** Where the bytes of a body go, as they come. */
export interface BodySink {
  /** Throws to give the rest of the body up. */
  write(chunk: Buffer): void;
  /** Settles the outcome after the last byte. */
  end(): void;
  fail(error: unknown): void;
}

/**
 * Reads a whole body of at most `limit` bytes. The limit holds while reading: nothing beyond it is
 * kept, and an announced length beyond it is refused before a byte is read (A5, A9).
 * @throws {ProblemError} `payload_too_large`; `invalid_request` for a body that ends early
 */
export function readBody(source: BodySource, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    readInto(source, limit, {
      write(chunk) {
        chunks.push(chunk);
        length += chunk.length;
      },
      end: () =>
        resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length)),
      fail: reject,
    });
  });
}

/** The same, chunk by chunk, for parsers that need no whole body. */
export function readInto(source: BodySource, limit: number, sink: BodySink): void {
  const { incoming, outgoing, clock, budget } = source;
  try {
    refuseAnnounced(incoming, limit);
  } catch (error) {
    sink.fail(error);
    return;
  }
  if (incoming.destroyed || incoming.readableEnded) {
    // The caller left while its session was looked up: no event will come any more.
    sink.fail(endedEarly());
    return;
  }
  let length = 0;
  let held = 0;
  let timer = clock.after(IDLE_MS, idle);
  incoming.on('data', onData);
  incoming.on('end', onEnd);
  incoming.on('error', onGone);
  incoming.on('close', onGone);
  allowBody(incoming, outgoing);

  function onData(chunk: Buffer): void {
    length += chunk.length;
    timer.cancel();
    timer = clock.after(IDLE_MS, idle);
    try {
      if (length > limit) throw tooLarge(limit);
      budget.take(chunk.length);
      held += chunk.length;
      sink.write(chunk);
    } catch (error) {
      stop(error);
    }
  }
  function onEnd(): void {
    leave();
    try {
      sink.end();
    } catch (error) {
      sink.fail(error);
    }
  }
  function onGone(): void {
    stop(endedEarly());
  }
  function idle(): void {
    stop(new RequestRefused(408, 'The body did not arrive in time.'));
  }
  function stop(error: unknown): void {
    leave();
    // Nobody reads on: what is left is dropped after the answer, or with the connection.
    incoming.pause();
    sink.fail(error);
  }
  function leave(): void {
    timer.cancel();
    budget.giveBack(held);
    held = 0;
    incoming.off('data', onData);
    incoming.off('end', onEnd);
    incoming.off('error', onGone);
    incoming.off('close', onGone);
    // A reset that comes after we lost interest must not be an uncaught error.
    incoming.on('error', () => {});
  }
}

function endedEarly(): ProblemError {
  return new ProblemError('invalid_request', 'The body ended before its announced length.');
}

function refuseAnnounced(incoming: Incoming, limit: number): void {
  const encoding = headerOf(incoming, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new ProblemError('unsupported_media_type', 'Compressed bodies are not accepted.');
  }
  if (Number(headerOf(incoming, 'content-length') ?? 0) > limit) throw tooLarge(limit);
}

export function tooLarge(limit: number, what = 'The body'): ProblemError {
  return new ProblemError('payload_too_large', `${what} is larger than ${limit} bytes.`);
}

/** True when the request carries no body, or one of length 0. */
export function hasNoBody(incoming: Incoming): boolean {
  if (isHttp2(incoming)) return incoming.readableEnded || incoming.complete;
  return (
    headerOf(incoming, 'transfer-encoding') === undefined &&
    Number(headerOf(incoming, 'content-length') ?? 0) === 0
  );
}
