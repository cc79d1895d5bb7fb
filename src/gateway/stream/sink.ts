/**
 * Where a reader's bytes go: one HTTP response, or a simulated one. Bytes only; knows no frames.
 * After `end` or after the peer went away, `write` is ignored.
 */
export interface StreamSink {
  /** Hands bytes to the network. Never throws, never blocks; see `backlog`. */
  write(chunk: Uint8Array): void;
  /** Bytes handed over that the network has not taken yet. */
  readonly backlog: number;
  /** Bytes that the network has taken so far; that it grows is what tells a live peer. */
  readonly taken: number;
  /** Called each time the backlog has become empty. One listener, set once. */
  onDrain(listener: () => void): void;
  /** Called once when the peer went away. One listener, set once. */
  onClose(listener: () => void): void;
  /** Ends the response after what was written. */
  end(): void;
  /** Cuts the connection. */
  destroy(): void;
}
