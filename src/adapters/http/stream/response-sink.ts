import type { Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { StreamSink } from '../../../gateway/stream/sink.ts';
import type { Incoming, Outgoing } from '../node-http.ts';
import { isHttp2 } from '../node-http.ts';

/** How long a peer may take nothing of what is left when its stream has ended (A27). */
const ENDING_MS = 30_000;

/** libuv's own counters. Not public, but there since Node 0.x; without them progress is coarser. */
interface SocketHandle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
}

/** A reader's response. Node keeps what the network does not take; `backlog` says how much. */
export class ResponseSink implements StreamSink {
  readonly #outgoing: Outgoing;
  readonly #http2: boolean;
  readonly #takenBefore: number;
  readonly #endingMs: number;
  #written = 0;
  #waiting = false;
  #drained: () => void = () => {};
  #closed: () => void = () => {};

  constructor(incoming: Incoming, outgoing: Outgoing, endingMs: number = ENDING_MS) {
    this.#endingMs = endingMs;
    this.#outgoing = outgoing;
    this.#http2 = isHttp2(incoming);
    this.#takenBefore = this.#socketTook();
    // On the response: the request's `close` comes as soon as its (empty) body was read.
    outgoing.on('close', () => this.#closed());
    // A write that loses the race with a reset is no reason to end the process.
    outgoing.on('error', ignore);
  }

  write(chunk: Uint8Array): void {
    const { destroyed, writableEnded } = this.#outgoing;
    if (destroyed || writableEnded) return;
    this.#written += chunk.length;
    this.#waiting = true;
    this.#outgoing.write(chunk, this.#onTaken);
  }

  get backlog(): number {
    return this.#http2 ? this.#http2Backlog() : this.#outgoing.writableLength;
  }

  get taken(): number {
    if (this.#http2) return this.#written - this.#http2Backlog();
    return this.#socketTook() - this.#takenBefore;
  }

  onDrain(listener: () => void): void {
    this.#drained = listener;
  }

  /** Also called, a moment later, when the peer had gone before anybody listened. */
  onClose(listener: () => void): void {
    this.#closed = listener;
    if (this.#outgoing.destroyed) queueMicrotask(listener);
  }

  end(): void {
    this.#closed = () => {};
    // Nobody watches an ended stream any more: a peer that does not take the rest must not keep it.
    this.#outgoing.setTimeout(this.#endingMs, () => this.#outgoing.destroy());
    this.#outgoing.end();
  }

  destroy(): void {
    this.#outgoing.destroy();
  }

  /** One function for all writes: a closure a write would be a closure an event a reader. */
  readonly #onTaken = (): void => {
    if (!this.#waiting || this.backlog > 0) return;
    this.#waiting = false;
    this.#drained();
  };

  #http2Backlog(): number {
    return (this.#outgoing as unknown as Http2ServerResponse).stream.writableLength;
  }

  /**
   * What the kernel took of this connection. `bytesWritten` counts what waits too, and falls only when
   * whole writes are done: a slow reader of one large frame would look dead for minutes.
   */
  #socketTook(): number {
    const socket: Socket | null = this.#http2 ? null : this.#outgoing.socket;
    if (socket === null) return 0;
    const { bytesWritten, writeQueueSize } =
      (socket as unknown as { _handle?: SocketHandle | null })._handle ?? {};
    if (bytesWritten === undefined || writeQueueSize === undefined) {
      return socket.bytesWritten - socket.writableLength;
    }
    return bytesWritten - writeQueueSize;
  }
}

/** One for all: a closure a response would be kept for as long as it is open. */
function ignore(): void {}
