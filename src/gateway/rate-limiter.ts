import type { Bucket, RateLimit } from '../core/token-bucket.ts';
import { fullBucket, msUntil, refilled, taken, windowMs } from '../core/token-bucket.ts';
import type { BucketStore } from '../ports/bucket-store.ts';
import type { Clock } from '../ports/system.ts';

/** A gateway tells the others of what it let through after this part of a burst. */
const BATCH_PART = 1 / 20;

/** How long a storage that failed is left alone; meanwhile each gateway limits by itself. */
const AWAY_MS = 1_000;

/** Buckets that are looked at before those that nobody used lately are forgotten. */
const MAX_VIEWS = 20_000;

/** One bucket that a request has to be paid from. */
export interface Charge {
  /** Which of the limits this is, as callers see it. */
  readonly policy: string;
  /** The name of the bucket, of all policies. */
  readonly bucket: string;
  readonly limit: RateLimit;
}

export interface Verdict {
  readonly allowed: boolean;
  /** The charge with the least left: after this request, or for want of which it was refused. */
  readonly tightest: Charge;
  /** Whole tokens that are left of it. */
  readonly left: number;
  /** Until a refused request may succeed; 0 for one that was allowed. */
  readonly retryAfterMs: number;
}

/** What this gateway knows of a shared bucket. */
interface View {
  bucket: Bucket;
  /** Tokens taken here that the shared bucket does not know of. */
  unreported: number;
  /** The report under way. */
  report: Promise<void> | undefined;
}

/**
 * Limits requests over all gateways without asking the others at each. A gateway decides by its own
 * view of a bucket and tells the shared one after every twentieth of a burst, at least after every
 * token, learning what the others took. A request waits for that only when another such part was let
 * through since, as nobody does who clicks. What is taken too much meanwhile is owed.
 *
 * Promises: through G gateways no more pass in t seconds than burst + rate × t, and G tenths of a
 * burst (at least 2 × G); through one alone nothing more. What is owed or told late makes a burst
 * smaller by a twentieth at most. Without the storage each gateway limits alone, and refuses nobody
 * for that.
 */
export class RateLimiter {
  readonly #store: BucketStore;
  readonly #clock: Clock;
  /** Two generations: who was in neither for a whole window has a full bucket. */
  #young = new Map<string, View>();
  #old = new Map<string, View>();
  #turnedAt: number;
  #windowMs = 0;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(store: BucketStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#turnedAt = clock.now();
  }

  /** Takes a token from each bucket, or from none: a refused request costs nothing. */
  async take(charges: readonly [Charge, ...Charge[]]): Promise<Verdict> {
    for (;;) {
      const now = this.#clock.now();
      const views = charges.map((charge) => this.#view(charge, now));
      const late = views.find((view, i) => isLate(view, charges[i]));
      if (late === undefined) return this.#decide(charges, views, now);
      await late.report;
    }
  }

  #decide(charges: readonly [Charge, ...Charge[]], views: readonly View[], now: number): Verdict {
    let tightest = charges[0];
    let least = Number.POSITIVE_INFINITY;
    let retryAfterMs = 0;
    for (const [i, charge] of charges.entries()) {
      const view = views[i] as View;
      view.bucket = refilled(view.bucket, charge.limit, now);
      retryAfterMs = Math.max(retryAfterMs, msUntil(view.bucket, charge.limit, 1));
      if (view.bucket.tokens >= least) continue;
      least = view.bucket.tokens;
      tightest = charge;
    }
    const allowed = retryAfterMs === 0;
    if (allowed) for (const [i, charge] of charges.entries()) this.#spend(charge, views[i] as View);
    const left = Math.max(0, Math.floor(least) - (allowed ? 1 : 0));
    return { allowed, tightest, left, retryAfterMs };
  }

  #spend({ bucket, limit }: Charge, view: View): void {
    view.bucket = taken(view.bucket, limit, 1);
    view.unreported += 1;
    if (view.unreported >= batchOf(limit)) this.#report(bucket, limit, view);
  }

  #view({ bucket, limit }: Charge, now: number): View {
    const young = this.#young.get(bucket);
    if (young !== undefined) return young;
    this.#turn(windowMs(limit), now);
    const view = this.#old.get(bucket) ?? {
      bucket: fullBucket(limit, now),
      unreported: 0,
      report: undefined,
    };
    this.#young.set(bucket, view);
    return view;
  }

  #turn(windowMs: number, now: number): void {
    this.#windowMs = Math.max(this.#windowMs, windowMs);
    const over = Math.abs(now - this.#turnedAt) > this.#windowMs;
    if (!over && this.#young.size < MAX_VIEWS) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#turnedAt = now;
  }

  #report(bucket: string, limit: RateLimit, view: View): void {
    const now = this.#clock.now();
    if (view.report !== undefined || Math.abs(now - this.#failedAt) < AWAY_MS) return;
    const tokens = view.unreported;
    view.unreported = 0;
    view.report = this.#store.take(bucket, limit, tokens, now).then(
      (left) => this.#learn(bucket, limit, view, left),
      () => {
        this.#failedAt = this.#clock.now();
        // Told later, but not more than a burst: what is older was given back meanwhile.
        view.unreported = Math.min(limit.burst, view.unreported + tokens);
        view.report = undefined;
      },
    );
  }

  /** What is left of the shared bucket can only be less than it looks from here. */
  #learn(bucket: string, limit: RateLimit, view: View, left: number): void {
    const here = refilled(view.bucket, limit, this.#clock.now());
    view.bucket = { ...here, tokens: Math.min(here.tokens, left - view.unreported) };
    view.report = undefined;
    // Before anything else is let through: what the others do not know of stays below two parts.
    if (view.unreported >= batchOf(limit)) this.#report(bucket, limit, view);
  }
}

/** Whether so much went through since the last report that the answer to it has to be awaited. */
const isLate = (view: View, charge: Charge | undefined): boolean =>
  charge !== undefined && view.report !== undefined && view.unreported >= batchOf(charge.limit);

const batchOf = ({ burst }: RateLimit): number => Math.max(1, Math.floor(burst * BATCH_PART));
