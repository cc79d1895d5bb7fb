import type { CallKind } from '../burst/concurrency-limit.ts';
import { earnRetries, spendRetry } from '../burst/retry-budget.ts';
import type { ServerControl } from '../burst/server-control.ts';
import { healthOfAll, withEndedCall, withoutCall } from '../burst/server-control.ts';
import { ServerSet } from '../burst/server-set.ts';
import type { ServerId } from '../ids.ts';
import type { QueueFigures, QueueRelease } from './item.ts';
import type { Claim, Slot } from './slot.ts';
import { callOf } from './slot.ts';

/** Of a server that does nothing else a call is asked with so much time left, however long calls took. */
const FREE_CALL_MS = 1_000;

/** Who works on what at which feature server, and what is learnt from how that ends. */
export class Calls<Value> {
  /** Leased slots by claim. */
  readonly leased = new Map<string, Slot<Value>>();
  readonly servers: ServerSet;

  constructor(ceiling: number) {
    this.servers = new ServerSet(ceiling, (server) => this.inFlight(server));
  }

  /** Leases at that server, or in all; those that only end clicks included. */
  inFlight(server?: ServerId): number {
    if (server === undefined) return this.leased.size;
    let count = 0;
    for (const { lease } of this.leased.values()) if (lease?.server === server) count += 1;
    return count;
  }

  /** What there is to say of calls and servers. */
  figures(now: number): Omit<QueueFigures, 'waiting'> {
    const { places, meanMs } = this.servers.together;
    return {
      leased: this.leased.size,
      limit: places,
      foreseen: this.servers.foreseen.places,
      ceiling: this.servers.ceiling,
      health: healthOfAll(this.servers.healths(now)),
      callMs: Math.round(meanMs),
    };
  }

  /** Changes what is known of that server. */
  control(server: ServerId, change: (control: ServerControl) => ServerControl): void {
    this.servers.set(server, { control: change(this.servers.get(server).control) });
  }

  /** A call of that server that began then and took as long as slow ones do would end too late. */
  #isTooLate(slot: Slot<Value>, server: ServerId, at: number): boolean {
    const { deadline } = slot.item;
    const { times } = this.servers.get(server).control;
    return deadline !== undefined && at + times[callOf(slot)].highMs > deadline;
  }

  /**
   * Whether to end it without a call. While nothing is under way a call is made as long as there is some
   * time left: otherwise nobody would ever learn that calls have become quicker.
   */
  isOverdue(slot: Slot<Value>, server: ServerId, now: number): boolean {
    if (this.inFlight(server) > 0) return this.#isTooLate(slot, server, now);
    const { times } = this.servers.get(server).control;
    const neededMs = Math.min(FREE_CALL_MS, times[callOf(slot)].highMs);
    return now + neededMs > (slot.item.deadline ?? Number.POSITIVE_INFINITY);
  }

  /** The server is judged by how the call of a lease went, once; without a call it only leaves. */
  judge(slot: Slot<Value>, lease: Claim, { call, now }: QueueRelease): void {
    if (lease.judged) return;
    lease.judged = true;
    const { server, fence } = lease;
    if (call === undefined) {
      this.control(server, (control) => withoutCall(control, fence));
      return;
    }
    if (slot.attempts === 0) {
      this.servers.set(server, { retries: earnRetries(this.servers.get(server).retries) });
    }
    const inFlight = this.inFlight(server);
    const othersSince = this.#otherCallsSince(lease, call.kind);
    const alone = lease.alone && inFlight === 1;
    const ended = { ...call, startedAt: lease.since, now, inFlight, othersSince, alone };
    this.control(server, (control) => withEndedCall(control, fence, ended));
  }

  #otherCallsSince(lease: Claim, kind: CallKind): readonly number[] {
    return [...this.leased.values()].flatMap((other) => {
      const { lease: its } = other;
      if (its === undefined || its === lease || its.server !== lease.server) return [];
      return its.overdue || callOf(other) !== kind ? [] : [its.since];
    });
  }

  /** By the budget of the server that failed: one in trouble does not use up what others have saved. */
  mayRepeat(slot: Slot<Value>, { server }: Claim, retryAt: number, now: number): boolean {
    if (this.#isTooLate(slot, server, retryAt)) return false;
    const left = spendRetry(this.servers.get(server).retries, now);
    if (left !== undefined) this.servers.set(server, { retries: left });
    return left !== undefined;
  }
}
