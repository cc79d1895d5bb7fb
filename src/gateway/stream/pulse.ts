import type { Clock, Random, Timer } from '../../ports/system.ts';
import type { GatewaySettings } from '../settings.ts';
import type { Reader } from './reader.ts';

/** One timer for all streams: thousands of timers would cost more memory than their readers. */
const TICK_MS = 1_000;

interface Beat {
  heartbeatAt: number;
  /** What the network had taken when it was last seen to take something. */
  taken: number;
  tookAt: number;
}

/** Heartbeats, the first after a random part of the span; and the end of readers that stall (A27). */
export class Pulse {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #heartbeatMs: number;
  readonly #stallMs: number;
  readonly #beats = new Map<Reader, Beat>();
  #timer: Timer | undefined;

  constructor(clock: Clock, random: Random, settings: GatewaySettings) {
    this.#clock = clock;
    this.#random = random;
    this.#heartbeatMs = settings.heartbeatMs;
    this.#stallMs = settings.stallMs;
  }

  add(reader: Reader): void {
    const now = this.#clock.now();
    const heartbeatAt = now + this.#random.uniform() * this.#heartbeatMs;
    this.#beats.set(reader, { heartbeatAt, taken: 0, tookAt: now });
    this.#schedule();
  }

  delete(reader: Reader): void {
    this.#beats.delete(reader);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#beats.clear();
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    const delay = Math.min(TICK_MS, this.#heartbeatMs);
    this.#timer = this.#clock.after(delay, () => this.#tick());
  }

  #tick(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [reader, beat] of this.#beats) this.#visit(reader, beat, now);
    if (this.#beats.size > 0) this.#schedule();
  }

  #visit(reader: Reader, beat: Beat, now: number): void {
    const { taken, waiting } = reader.progress;
    if (!waiting || taken !== beat.taken) {
      beat.taken = taken;
      beat.tookAt = now;
    } else if (now - beat.tookAt >= this.#stallMs) {
      reader.destroy();
      return;
    }
    if (now < beat.heartbeatAt) return;
    beat.heartbeatAt = now + this.#heartbeatMs;
    reader.heartbeat();
  }
}
