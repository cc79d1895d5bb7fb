/** How long a person waited: from the click on this page to the mask on this page. */
import type { SegmentCompletedPayload, StreamFrame } from '../client/index.ts';

export interface Latency {
  readonly totalMs: number;
  readonly result: SegmentCompletedPayload;
}

/** Follows the clicks of this page through the stream. */
export class LatencyMeter {
  readonly #sent = new Map<string, number>();
  readonly #accepted = new Map<string, number>();

  /** A click was made here. */
  sent(clientRef: string, now: number): void {
    this.#sent.set(clientRef, now);
  }

  /** Gives the time of a mask that answers clicks of this page, counted from the newest of them. */
  frame(frame: StreamFrame, now: number): Latency | undefined {
    if (frame.type === 'click.accepted') {
      const { clickId, clientRef } = frame.payload;
      const at = clientRef === undefined ? undefined : this.#sent.get(clientRef);
      if (clientRef === undefined || at === undefined) return undefined;
      this.#sent.delete(clientRef);
      this.#accepted.set(clickId, at);
    }
    if (frame.type !== 'segment.completed') return undefined;
    const times = frame.payload.covers.flatMap((clickId) => {
      const at = this.#accepted.get(clickId);
      this.#accepted.delete(clickId);
      return at === undefined ? [] : [at];
    });
    if (times.length === 0) return undefined;
    return { totalMs: now - Math.max(...times), result: frame.payload };
  }
}
