import type { Clock, Random } from '../../ports/system.ts';
import { passingBytes, passingFrame } from './frames.ts';
import type { StreamSink } from './sink.ts';

/** A25: spread over two seconds, so that readers cut at once do not come back at once … */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 2_000;
/** … and over more when they are many, so that 500 of them come back a second. */
const RETRY_SPREAD_MS_EACH = 2;
const RETRY_SPREAD_MAX_MS = 9_000;

/** A reader too many comes back later than others: it takes its place only when one has left. */
const CROWDED_RETRY_MIN_MS = 10_000;
const CROWDED_RETRY_SPREAD_MS = 10_000;

/** The last frames of streams, `stream.draining`, each with its own time to come back (A25). */
export class Farewells {
  readonly #clock: Clock;
  readonly #random: Random;
  #spreadMs = RETRY_SPREAD_MS;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** So many readers will be sent away at once. */
  expect(readers: number): void {
    const spreadMs = Math.min(RETRY_SPREAD_MAX_MS, readers * RETRY_SPREAD_MS_EACH);
    this.#spreadMs = Math.max(RETRY_SPREAD_MS, spreadMs);
  }

  /** After how long to come back. */
  retryMs(): number {
    return RETRY_MIN_MS + Math.floor(this.#random.uniform() * this.#spreadMs);
  }

  /** For a reader that cannot be served any more. */
  frame(retryMs = this.retryMs()): Uint8Array {
    const frame = passingFrame('stream.draining', { reconnectInMs: retryMs }, this.#clock.now());
    return passingBytes(frame, { retryMs });
  }

  /** For a reader too many. */
  crowdedFrame(): Uint8Array {
    const spreadMs = Math.floor(this.#random.uniform() * CROWDED_RETRY_SPREAD_MS);
    return this.frame(CROWDED_RETRY_MIN_MS + spreadMs);
  }

  /** Ends a stream that never began, in a way that its reader understands. */
  turnAway(sink: StreamSink, farewell = this.frame()): void {
    sink.write(farewell);
    sink.end();
  }
}
