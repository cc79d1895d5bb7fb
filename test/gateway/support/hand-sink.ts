import { createParser } from 'eventsource-parser';
import type { StreamSink } from '../../../src/gateway/stream/sink.ts';
import type { LoggedType, PassingType } from '../../../src/protocol/events.ts';

/** A frame as the parser of a reader gives it. */
export interface Frame {
  readonly id: string | undefined;
  readonly event: LoggedType | PassingType;
  /** The `data`, parsed; `payload` is what tests look at. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read payloads of every type
  readonly data: any;
}

/**
 * A connection whose network is in the test's hand: it takes everything at once, or, while `holding`,
 * only what {@link take} asks for.
 */
export class HandSink implements StreamSink {
  readonly frames: Frame[] = [];
  readonly retries: number[] = [];
  /** Every chunk that was handed over, by identity. */
  readonly chunks: Uint8Array[] = [];
  holding = false;
  ended = false;
  destroyed = false;
  taken = 0;
  written = 0;
  /** The most bytes that ever waited here. */
  mostWaiting = 0;
  readonly #waiting: Uint8Array[] = [];
  #drained: () => void = () => {};
  #closed: () => void = () => {};
  #gone = false;
  readonly #decoder = new TextDecoder();
  readonly #parser = createParser({
    onEvent: ({ id, event, data }) => {
      this.frames.push({ id, event: event as Frame['event'], data: JSON.parse(data) });
    },
    onRetry: (ms) => this.retries.push(ms),
    onError: (error) => {
      throw error;
    },
  });

  get backlog(): number {
    return this.written - this.taken;
  }

  /** The connection is over, whoever ended it. */
  get over(): boolean {
    return this.ended || this.destroyed || this.#gone;
  }

  /** Names of the frames, in order. */
  get events(): readonly string[] {
    return this.frames.map((frame) => frame.event);
  }

  /** Sequences of the logged events that were seen, in order. */
  get sequences(): readonly number[] {
    return this.frames.flatMap(({ data }) => (data.sequence === undefined ? [] : [data.sequence]));
  }

  of(event: Frame['event']): readonly Frame[] {
    return this.frames.filter((frame) => frame.event === event);
  }

  write(chunk: Uint8Array): void {
    if (this.over) return;
    this.chunks.push(chunk);
    this.#waiting.push(chunk);
    this.written += chunk.length;
    this.mostWaiting = Math.max(this.mostWaiting, this.backlog);
    if (!this.holding) this.take();
  }

  /** The network takes so many bytes, or all that wait. */
  take(bytes = Number.POSITIVE_INFINITY): void {
    let left = bytes;
    while (left > 0) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) break;
      const part = chunk.subarray(0, left);
      if (part.length < chunk.length) this.#waiting.unshift(chunk.subarray(left));
      left -= part.length;
      this.taken += part.length;
      this.#parser.feed(this.#decoder.decode(part, { stream: true }));
    }
    // As Node does: told after the write has returned.
    if (this.backlog === 0) queueMicrotask(() => this.#drained());
  }

  /** From now on the network takes everything at once. */
  release(): void {
    this.holding = false;
    this.take();
  }

  /** The peer goes away. */
  hangUp(): void {
    this.#gone = true;
    this.#closed();
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  /** Like the one over HTTP: told at once when the peer has gone before anybody listened. */
  onClose(listener: () => void): void {
    this.#closed = listener;
    if (this.#gone) listener();
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }
}
