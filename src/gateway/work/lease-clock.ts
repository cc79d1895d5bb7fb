import type { Lease } from '../../ports/work-queue.ts';
import type { WorkContext } from './work-context.ts';

/** Between the end of a call and the end of its lease: publishing the answer has to fit in. */
export const LEASE_MARGIN_MS = 500;

/** The lease ran out before its work was done; another worker has it now. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** How long a call may take without outliving its lease (L6). */
export class LeaseClock {
  readonly #context: WorkContext;
  readonly #lease: Lease;
  readonly #deadlineAt: number;
  #endsAt: number;

  /** `claimedAt` is from before the claim was sent, so the local end is never later than the real one. */
  constructor(context: WorkContext, lease: Lease, claimedAt: number) {
    this.#context = context;
    this.#lease = lease;
    this.#deadlineAt = lease.deadlineAt ?? Number.POSITIVE_INFINITY;
    this.#endsAt = claimedAt + context.settings.leaseMs;
  }

  /** Whether anybody still wants the result. */
  get isOverdue(): boolean {
    return this.#context.clock.now() >= this.#deadlineAt;
  }

  /**
   * Milliseconds for a call that wants `mostMs`; not beyond the deadline if the server stops when it is
   * left. One that works on would have more to do than it is given, which is what brings servers down:
   * its answer is waited for, late as it may be. Renews the lease when less of it is left.
   * Asked right before the call goes out.
   * @throws LeaseLost when the lease is no longer ours, or was over before its renewal was confirmed.
   */
  async left(mostMs: number): Promise<number> {
    const { clock, engine, settings, servers } = this.#context;
    const sentAt = clock.now();
    const wantedMs = servers.isCancellable(this.#lease.server)
      ? Math.max(1, Math.min(mostMs, this.#deadlineAt - sentAt))
      : mostMs;
    if (this.#endsAt - LEASE_MARGIN_MS - sentAt >= wantedMs) return wantedMs;
    if (!(await engine.queue.renew(this.#lease, settings.leaseMs, sentAt))) throw new LeaseLost();
    this.#endsAt = sentAt + settings.leaseMs;
    const left = Math.min(wantedMs, this.#endsAt - LEASE_MARGIN_MS - clock.now());
    if (left <= 0) throw new LeaseLost();
    return left;
  }
}
