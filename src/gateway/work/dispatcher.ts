import { isStorageLost } from '../../core/problem.ts';
import type { NamedServer } from '../../ports/feature-server.ts';
import type { Timer } from '../../ports/system.ts';
import type { Lease } from '../../ports/work-queue.ts';
import { CallGivenUp } from './call.ts';
import { FeatureServers } from './feature-servers.ts';
import { LeaseLost } from './lease-clock.ts';
import { prepareWork } from './prepare-work.ts';
import { segmentWork } from './segment-work.ts';
import type { WorkContext } from './work-context.ts';

/** After the storage failed; a doorbell that rings earlier is heeded. */
const FAILURE_RETRY_MS = 500;

/** Bounds how long one claim may keep the pool busy. */
const MOST_AT_ONCE = 16;

/**
 * A span after which the queue is looked at even if nothing rang or every place is taken: doorbells may
 * be lost, and what waits in vain is to be ended in time. It is also how soon all gateways agree on how
 * the feature server is.
 */
const IDLE_CHECK_MS = 1_000;

/** What waits in vain takes no place at the feature server, and is ended in a moment. */
const SPARE_LEASES = 4;

/** For giving back what a stopping gateway could not finish: a command of the storage. */
const HAND_BACK_MS = 1_000;

/** Claims what is due whenever there is a place, and hands it to the runner. */
export class Dispatcher {
  readonly #context: WorkContext;
  readonly #gatewayId: string;
  #active = 0;
  /** The round of claims under way. */
  #filling: Promise<void> | undefined;
  #rung = false;
  #stopped = false;
  readonly #giveUp = new AbortController();
  #timer: Timer | undefined;
  #unsubscribe: () => void = () => {};

  /** `concurrency` bounds the calls of all servers together; else what they say of themselves (B1). */
  constructor(
    context: Omit<WorkContext, 'giveUp' | 'servers'>,
    features: readonly NamedServer[],
    concurrency: number | undefined,
  ) {
    const { engine, clock, log, monitor } = context;
    const servers = new FeatureServers({
      ...{ servers: features, queue: engine.queue, clock, log, monitor, concurrency },
      found: () => this.wake(),
    });
    this.#context = { ...context, giveUp: this.#giveUp.signal, servers };
    this.#gatewayId = context.random.token(9);
  }

  /** Calls that may be open at once, as far as is known; 0 before the feature server has answered. */
  get limit(): number {
    return this.#context.servers.limit;
  }

  start(): void {
    this.#unsubscribe = this.#context.engine.queue.onAvailable(() => this.wake());
    this.#context.servers.start();
  }

  /** Something may have become claimable, or a place free. */
  wake(): void {
    this.#rung = true;
    if (this.#free > 0) this.#look();
  }

  #look(): void {
    if (this.#filling !== undefined || this.#stopped || this.limit === 0) return;
    this.#filling = this.#fill().finally(() => {
      this.#filling = undefined;
      if (this.#rung) this.wake();
    });
  }

  /**
   * Claims nothing any more. Calls under way may end within `graceMs`; what has not ended then is given
   * back, so that others take it over at once. Resolves when that is done, or a second later.
   */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#timer?.cancel();
    this.#context.servers.stop();
    const idle = this.#idle();
    await this.#within(graceMs, idle);
    this.#giveUp.abort();
    await this.#within(HAND_BACK_MS, idle);
  }

  async #idle(): Promise<void> {
    await this.#filling;
    await this.#context.runner.idle();
  }

  async #within(ms: number, done: Promise<void>): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#context.clock.after(ms, resolve);
    await Promise.race([done, late]);
    timer.cancel();
  }

  async #fill(): Promise<void> {
    try {
      const dueAt = (await this.#claim()) ?? Number.POSITIVE_INFINITY;
      this.#wakeIn(Math.min(IDLE_CHECK_MS, Math.max(1, dueAt - this.#context.clock.now())));
    } catch (error) {
      // Lost storage is said once, by whoever watches it.
      if (!isStorageLost(error)) this.#report('claiming work failed', error);
      this.#wakeIn(FAILURE_RETRY_MS);
    }
  }

  /** Claims as long as there is more; when to look again. */
  async #claim(): Promise<number | undefined> {
    const { engine, clock, random, runner, settings, monitor } = this.#context;
    for (;;) {
      this.#rung = false;
      const most = Math.min(Math.max(0, this.#free) + SPARE_LEASES, MOST_AT_ONCE);
      // From before the claim is sent, so that the local deadline is never later than the lease's (L6).
      const claimedAt = clock.now();
      const { leases, dueAt, healths } = await engine.queue.claim({
        gatewayId: this.#gatewayId,
        claimId: random.token(12),
        most,
        leaseMs: settings.leaseMs,
        now: claimedAt,
      });
      monitor.learn(healths);
      for (const lease of leases) {
        this.#active += 1;
        runner.run(() => this.#work(lease, claimedAt));
      }
      if (leases.length < most || this.#stopped) return dueAt;
    }
  }

  get #free(): number {
    return this.limit - this.#active;
  }

  async #work(lease: Lease, claimedAt: number): Promise<void> {
    const { token } = lease;
    // It may have waited for long, and is looked after beyond the end of this (L7).
    this.#context.watch.mark(token.sessionId).catch(() => undefined);
    try {
      if (token.kind === 'segment') await segmentWork(this.#context, lease, token, claimedAt);
      else await prepareWork(this.#context, lease, token, claimedAt);
    } catch (error) {
      // Otherwise the lease runs out. Whoever claims the token next finds what is to be done.
      if (isPassing(error)) await this.#giveBack(lease, claimedAt);
      else if (!(error instanceof LeaseLost)) this.#report('work on a claimed token failed', error);
    } finally {
      const wasFull = this.#free <= 0;
      this.#active -= 1;
      // Otherwise the end of the lease has rung, and was heeded.
      if (wasFull || this.#rung) this.wake();
    }
  }

  /**
   * As if it had not been begun: it counts as no attempt. While the storage is away this is tried again,
   * so that an outage of seconds does not cost the rest of the lease.
   */
  async #giveBack(lease: Lease, claimedAt: number): Promise<void> {
    const { engine, clock, settings } = this.#context;
    const release = () => engine.queue.release(lease, { dirty: true, now: clock.now() });
    const isWorthIt = () => !this.#stopped && clock.now() < claimedAt + settings.leaseMs;
    for (;;) {
      try {
        await release();
        return;
      } catch (error) {
        if (!(isStorageLost(error) && isWorthIt())) {
          this.#report('work could not be given back', error);
          return;
        }
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.after(FAILURE_RETRY_MS, resolve);
      await promise;
    }
  }

  #wakeIn(ms: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#context.clock.after(ms, () => this.#look());
  }

  #report(message: string, error: unknown): void {
    this.#context.log.error(message, { error: error instanceof Error ? error.message : 'unknown' });
  }
}

/** Nothing is wrong with the work itself. */
function isPassing(error: unknown): boolean {
  return error instanceof CallGivenUp || isStorageLost(error);
}
