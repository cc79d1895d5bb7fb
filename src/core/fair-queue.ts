import { Lane } from './fair-queue/lane.ts';

/** Something to be worked on: at most one of a key is in the queue, whatever is enqueued. */
export interface QueueItem<Value> {
  readonly key: string;
  /** Whose turn it takes. */
  readonly session: string;
  /** A `segment` is asked for by a person who waits; a `prepare` only in advance. */
  readonly kind: 'segment' | 'prepare';
  /** Key of the preparation that must have left the queue before this may start. */
  readonly after?: string | undefined;
  readonly value: Value;
}

/** Where an item stands. */
export interface QueueSpot {
  readonly state: 'queued' | 'merged' | 'running';
  /** Items that are served before it; 0 while it is worked on. */
  readonly position: number;
}

/** The right to work on an item until a time. */
export interface QueueLease<Value> {
  readonly key: string;
  readonly value: Value;
  /** Greater than every fence before it. */
  readonly fence: number;
  /** Failed attempts before this one; a lease that ran out is one. */
  readonly attempts: number;
}

interface Claim {
  readonly claimId: string;
  readonly fence: number;
  until: number;
}

interface Slot<Value> {
  item: QueueItem<Value>;
  lane: LaneName;
  tag: number;
  order: number;
  notBefore: number;
  attempts: number;
  /** Someone who waits needs this preparation. */
  promoted: boolean;
  /** Enqueued while it was worked on: that call has not seen the change (L5). */
  again: boolean;
  lease: Claim | undefined;
}

type LaneName = 'interactive' | 'retry' | 'preparation';

/** By urgency: people who wait, then what failed once, then what nobody has asked for yet. */
const LANES: readonly LaneName[] = ['interactive', 'retry', 'preparation'];

/**
 * The rules of the pool (L5) without clock or storage: what waits, in whose turn, who works on what.
 * Deterministic: the same calls give the same answers.
 *
 * Sessions take turns, items of a session take turns, an item that is enqueued again keeps its
 * place; never more leases than the limit, one lease a key, fences rise. A lease lives until it is
 * released or until {@link FairQueue.expire} is called with a time past its end.
 *
 * @example
 * const queue = new FairQueue<string>(1);
 * queue.enqueue({ key: 'a', session: 's', kind: 'segment', value: 'A' });
 * const lease = queue.claim({ claimId: 'c1', leaseMs: 1000, now: 0 }); // { value: 'A', fence: 1, … }
 */
export class FairQueue<Value> {
  readonly #slots = new Map<string, Slot<Value>>();
  /** Leased slots by claim. */
  readonly #leased = new Map<string, Slot<Value>>();
  readonly #lanes: Readonly<Record<LaneName, Lane<Slot<Value>>>> = {
    interactive: new Lane(),
    retry: new Lane(),
    preparation: new Lane(),
  };
  #limit: number;
  #arrivals = 0;
  #lastFence = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Never refuses. Promotes the preparation that the item waits for, to just before it. */
  enqueue(item: QueueItem<Value>): QueueSpot {
    const present = this.#slots.get(item.key);
    if (item.after !== undefined) this.#promote(item.after, item.session);
    if (present !== undefined) return this.#merge(present, item);
    const slot: Slot<Value> = {
      item,
      lane: 'interactive',
      tag: 0,
      order: 0,
      notBefore: 0,
      attempts: 0,
      promoted: item.kind === 'prepare' && this.#isAwaited(item.key),
      again: false,
      lease: undefined,
    };
    this.#slots.set(item.key, slot);
    this.#offer(slot);
    return { state: 'queued', position: this.#position(slot) };
  }

  /** The next item in turn; the same lease for the same claim while it lives. */
  claim(request: {
    readonly claimId: string;
    readonly leaseMs: number;
    readonly now: number;
  }): QueueLease<Value> | undefined {
    const held = this.#leased.get(request.claimId);
    if (held?.lease !== undefined) return leaseOf(held, held.lease);
    if (this.#leased.size >= this.#limit) return undefined;
    const slot = this.#nextInTurn(request.now);
    if (slot === undefined) return undefined;
    // Microseconds: a queue that lost its memory still gives greater fences than before.
    this.#lastFence = Math.max(this.#lastFence + 1, request.now * 1000);
    const lease: Claim = {
      claimId: request.claimId,
      fence: this.#lastFence,
      until: request.now + request.leaseMs,
    };
    slot.lease = lease;
    this.#leased.set(request.claimId, slot);
    return leaseOf(slot, lease);
  }

  /** Puts the end of a lease off; false when it is gone. */
  renew(key: string, fence: number, until: number): boolean {
    const lease = this.#slots.get(key)?.lease;
    if (lease?.fence !== fence) return false;
    lease.until = until;
    return true;
  }

  /** Ends exactly this lease; false, and nothing happens, when it is gone. */
  release(
    key: string,
    fence: number,
    how: { readonly dirty: boolean; readonly retryAt?: number | undefined },
  ): boolean {
    const slot = this.#slots.get(key);
    if (slot?.lease?.fence !== fence) return false;
    this.#leased.delete(slot.lease.claimId);
    slot.lease = undefined;
    if (how.retryAt !== undefined) this.#offerLater(slot, how.retryAt);
    else if (how.dirty || slot.again) this.#offer(slot, 0);
    else this.#forget(slot);
    return true;
  }

  /** Offers again what was leased until `now` or before; how many. */
  expire(now: number): number {
    const over = [...this.#leased.values()].filter((slot) => (slot.lease?.until ?? 0) <= now);
    for (const slot of over) {
      if (slot.lease !== undefined) this.#leased.delete(slot.lease.claimId);
      slot.lease = undefined;
      this.#offer(slot, slot.attempts + 1);
    }
    return over.length;
  }

  /** Where the item stands; `undefined` when it is not in the queue. */
  place(key: string): QueueSpot | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if (slot.lease !== undefined) return { state: 'running', position: 0 };
    return { state: 'queued', position: this.#position(slot) };
  }

  /**
   * Items that would be served before this one if it were enqueued now; where it stands if it is.
   * A preparation that it would promote is not counted: it is part of the wait in any case.
   */
  preview(item: QueueItem<Value>): number {
    const present = this.place(item.key);
    if (present !== undefined) return present.position;
    if (item.kind === 'segment') return this.#lanes.interactive.preview(item.session);
    const ahead = this.#lanes.interactive.size + this.#lanes.retry.size;
    return ahead + this.#lanes.preparation.preview(item.session);
  }

  get load(): { readonly waiting: number; readonly leased: number; readonly limit: number } {
    const leased = this.#leased.size;
    return { waiting: this.#slots.size - leased, leased, limit: this.#limit };
  }

  /** Leases above a lowered limit run on; no new one is given until they are below it. */
  setLimit(limit: number): void {
    this.#limit = limit;
  }

  /** When a retry that is not due yet becomes so, or a lease runs out; the earliest. */
  nextDue(now: number): number | undefined {
    let due = Number.POSITIVE_INFINITY;
    for (const slot of this.#leased.values()) due = Math.min(due, slot.lease?.until ?? due);
    for (const slot of this.#lanes.retry) {
      if (slot.notBefore > now) due = Math.min(due, slot.notBefore);
    }
    return due === Number.POSITIVE_INFINITY ? undefined : due;
  }

  #merge(slot: Slot<Value>, item: QueueItem<Value>): QueueSpot {
    if (item.after !== undefined) slot.item = { ...slot.item, after: item.after };
    if (slot.lease === undefined) return { state: 'merged', position: this.#position(slot) };
    // What is prepared cannot change, so the call under way does for everybody.
    if (item.kind === 'segment') slot.again = true;
    return { state: 'running', position: 0 };
  }

  #nextInTurn(now: number): Slot<Value> | undefined {
    const mayStart = ({ notBefore, item }: Slot<Value>) =>
      notBefore <= now && (item.after === undefined || !this.#slots.has(item.after));
    for (const name of LANES) {
      const slot = this.#lanes[name].serve(mayStart);
      if (slot !== undefined) return slot;
    }
    return undefined;
  }

  /** In the turn of the session that waits for it, not of the one that uploaded first. */
  #promote(key: string, session: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    slot.promoted = true;
    if (slot.lease !== undefined || slot.lane !== 'preparation') return;
    this.#lanes.preparation.remove(slot);
    slot.item = { ...slot.item, session };
    this.#put(slot, 'interactive');
  }

  #isAwaited(key: string): boolean {
    return [...this.#slots.values()].some((slot) => slot.item.after === key);
  }

  /** At the tail. */
  #offer(slot: Slot<Value>, attempts = 0): void {
    slot.attempts = attempts;
    slot.notBefore = 0;
    slot.again = false;
    const inAdvance = slot.item.kind === 'prepare' && !slot.promoted;
    this.#put(slot, inAdvance ? 'preparation' : 'interactive');
  }

  #offerLater(slot: Slot<Value>, notBefore: number): void {
    slot.attempts += 1;
    slot.notBefore = notBefore;
    slot.again = false;
    this.#put(slot, 'retry');
  }

  #put(slot: Slot<Value>, lane: LaneName): void {
    this.#arrivals += 1;
    slot.lane = lane;
    this.#lanes[lane].add(slot, slot.item.session, this.#arrivals);
  }

  #forget(slot: Slot<Value>): void {
    this.#slots.delete(slot.item.key);
    if (this.#slots.size > 0) return;
    for (const name of LANES) this.#lanes[name].reset();
  }

  #position(slot: Slot<Value>): number {
    const earlier = LANES.slice(0, LANES.indexOf(slot.lane));
    const ahead = earlier.reduce((sum, name) => sum + this.#lanes[name].size, 0);
    return ahead + this.#lanes[slot.lane].indexOf(slot);
  }
}

function leaseOf<Value>(slot: Slot<Value>, claim: Claim): QueueLease<Value> {
  const { item, attempts } = slot;
  return { key: item.key, value: item.value, fence: claim.fence, attempts };
}
