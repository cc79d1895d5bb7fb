import type { StreamSink } from './sink.ts';

/**
 * Bytes that may wait for one reader's network before it is served from the log instead.
 * With the largest event (a 256 KiB mask) on top this stays far below the 1 MiB of A27.
 */
const HIGH_WATER_BYTES = 256 * 1024;

/** Large frames are handed over in pieces, so that a reader holds no copy of a whole snapshot. */
const SLICE_BYTES = 64 * 1024;

/** Hands frames to a sink piece by piece, and says when the reader cannot keep up. */
export class Outbox {
  readonly #sink: StreamSink;
  #rest: Uint8Array | undefined;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  /** True when nothing waits here and the network keeps up. */
  get open(): boolean {
    return this.#rest === undefined && this.#sink.backlog < HIGH_WATER_BYTES;
  }

  /** True when the network has taken everything. */
  get empty(): boolean {
    return this.#rest === undefined && this.#sink.backlog === 0;
  }

  /** Takes one whole frame; only while {@link open}. */
  send(frame: Uint8Array): void {
    this.#rest = frame;
    this.flush();
  }

  /** Hands on what waits here, as far as the network keeps up; true when nothing waits any more. */
  flush(): boolean {
    while (this.#rest !== undefined && this.#sink.backlog < HIGH_WATER_BYTES) {
      const piece = this.#rest.subarray(0, SLICE_BYTES);
      this.#rest =
        piece.length === this.#rest.length ? undefined : this.#rest.subarray(SLICE_BYTES);
      this.#sink.write(piece);
    }
    return this.#rest === undefined;
  }
}
