import type { QueueCall, QueueLease } from '../../../src/core/fair-queue.ts';
import { FairQueue } from '../../../src/core/fair-queue.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { SharedProcessor } from './shared-processor.ts';
import type { Timeline } from './timeline.ts';

/** What people are promised: a mask within this time of their newest click. */
export const PROMISE_MS = 3_000;

const LEASE_MS = 60_000;

export interface Outcome {
  readonly session: string;
  readonly at: number;
  readonly latencyMs: number;
}

/** One gateway's worth of scheduling around a {@link FairQueue}, as plainly as it can be. */
export class Load {
  readonly queue: FairQueue<string>;
  readonly masks: Outcome[] = [];
  /** Clicks that were refused, or that waited in vain. */
  readonly refused: Outcome[] = [];
  readonly overdue: Outcome[] = [];
  calls = 0;
  retries = 0;
  readonly #time: Timeline;
  readonly #random: SeededRandom;
  readonly #server: SharedProcessor;
  readonly #deadlineMs: number;
  readonly #maxWaitMs: number;
  /** The newest click of each object, while it waits for its mask. */
  readonly #newest = new Map<string, number>();
  #claims = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  /** How a call ends instead, if it does. */
  fault: () => 'busy' | 'fail' | 'hang' | undefined = () => undefined;

  constructor(
    time: Timeline,
    random: SeededRandom,
    server: SharedProcessor,
    options: { ceiling: number; deadlineMs?: number; maxWaitMs?: number },
  ) {
    this.#time = time;
    this.#random = random;
    this.#server = server;
    this.#deadlineMs = options.deadlineMs ?? PROMISE_MS;
    this.#maxWaitMs = options.maxWaitMs ?? PROMISE_MS;
    this.queue = new FairQueue(options.ceiling);
  }

  click(session: string, object: string, cost?: number): void {
    const now = this.#time.now;
    const key = `${session} ${object}`;
    const deadline = now + this.#deadlineMs;
    const item = { key, session, kind: 'segment', value: session, deadline, cost } as const;
    const maxWaitMs = this.#maxWaitMs;
    if (this.queue.admit(item, { now, maxWaitMs }) !== undefined) {
      this.refused.push({ session, at: now, latencyMs: 0 });
      return;
    }
    this.#newest.set(key, now);
    this.queue.enqueue(item);
    this.dispatch();
  }

  /** Clicks of one session at random times, `perSecond` of them on average. */
  clicks(session: string, objects: number, perSecond: number, until: number, cost?: number): void {
    const next = this.#time.now - (Math.log(1 - this.#random.uniform()) / perSecond) * 1000;
    if (next > until) return;
    this.#time.at(next, () => {
      this.click(session, `${this.#random.below(objects)}`, cost);
      this.clicks(session, objects, perSecond, until, cost);
    });
  }

  dispatch(): void {
    for (;;) {
      this.#claims += 1;
      const claimId = `${this.#claims}`;
      const lease = this.queue.claim({ claimId, leaseMs: LEASE_MS, now: this.#time.now });
      if (lease === undefined) break;
      if (lease.overdue) this.#giveUp(lease);
      else this.#call(lease);
    }
    const due = this.queue.nextDue(this.#time.now) ?? Number.POSITIVE_INFINITY;
    if (due >= this.#wakeAt || due === Number.POSITIVE_INFINITY) return;
    this.#wakeAt = due;
    this.#time.at(due, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.dispatch();
    });
  }

  #giveUp(lease: QueueLease<string>): void {
    const at = this.#time.now;
    this.overdue.push({ session: lease.value, at, latencyMs: at - this.#clickOf(lease) });
    this.queue.release(lease.key, lease.fence, { dirty: false, now: at });
  }

  #call(lease: QueueLease<string>): void {
    this.calls += 1;
    if (lease.attempts > 0) this.retries += 1;
    const startedAt = this.#time.now;
    const newest = this.#clickOf(lease);
    let isOver = false;
    const end = (result: QueueCall['result']) => {
      if (isOver) return;
      isOver = true;
      const durationMs = result === 'ok' ? this.#time.now - startedAt : undefined;
      if (result === 'ok') this.#deliver(lease, newest);
      this.#release(lease, { kind: 'segment', result, durationMs });
      this.dispatch();
    };
    const fault = this.fault();
    if (fault === 'busy') this.#time.at(startedAt + 1, () => end('overloaded'));
    if (fault === 'fail') this.#time.at(startedAt + 50, () => end('failed'));
    if (fault === 'busy' || fault === 'fail') return;
    const workMs = fault === 'hang' ? 3_600_000 : this.#server.someWork();
    const close = this.#server.call(workMs, () => end('ok'));
    this.#time.at(Math.max(startedAt, lease.deadline ?? 0), () => {
      if (isOver) return;
      close();
      end('timeout');
    });
  }

  #release(lease: QueueLease<string>, call: QueueCall): void {
    const now = this.#time.now;
    const retryAt = call.result !== 'ok' && lease.attempts === 0 ? now + 100 : undefined;
    const how = { dirty: false, retryAt, call, now };
    const reply = this.queue.release(lease.key, lease.fence, how);
    if (reply === 'kept') this.queue.release(lease.key, lease.fence, { dirty: false, now });
  }

  #deliver(lease: QueueLease<string>, newest: number): void {
    const at = this.#time.now;
    this.masks.push({ session: lease.value, at, latencyMs: at - newest });
  }

  #clickOf({ key }: QueueLease<string>): number {
    return this.#newest.get(key) ?? 0;
  }

  /** Masks within the promise, a second, between two times. */
  goodput(from: number, to: number): number {
    const good = this.masks.filter(
      ({ at, latencyMs }) => from <= at && at < to && latencyMs <= PROMISE_MS,
    );
    return (good.length / (to - from)) * 1000;
  }
}
