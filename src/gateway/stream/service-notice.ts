import type { ServiceState, ServiceStatus } from '../../protocol/events.ts';
import { passingBytes, passingFrame } from './frames.ts';

/** One value for each, so that what a reader was told last can be compared by identity. */
const STATUS = {
  ok: { state: 'ok' },
  degraded: { state: 'degraded', reason: 'feature_server' },
  down: { state: 'down', reason: 'feature_server' },
  away: { state: 'down', reason: 'storage' },
} as const satisfies Record<ServiceState | 'away', ServiceStatus>;

/** How the service is, as streams and snapshots tell it (A22): without storage nothing else matters. */
export class ServiceNotice {
  #features: ServiceState = 'ok';
  #stored = true;
  #frame: Uint8Array | undefined;

  get status(): ServiceStatus {
    return this.#stored ? STATUS[this.#features] : STATUS.away;
  }

  /** The bytes of `service.updated`; the same for all readers. */
  frame(now: number): Uint8Array {
    this.#frame ??= passingBytes(passingFrame('service.updated', this.status, now));
    return this.#frame;
  }

  /** The feature server changed its state; true when that is news. */
  setFeatures(state: ServiceState): boolean {
    return this.#change(() => {
      this.#features = state;
    });
  }

  /** The storage can be reached, or not; true when that is news. */
  setStorage(available: boolean): boolean {
    return this.#change(() => {
      this.#stored = available;
    });
  }

  #change(change: () => void): boolean {
    const before = this.status;
    change();
    if (this.status === before) return false;
    this.#frame = undefined;
    return true;
  }
}
