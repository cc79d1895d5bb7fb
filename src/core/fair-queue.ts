import type { ServerHealth } from './burst/server-control.ts';
import { nextProbeAt, withCall, withCeiling, withoutCall } from './burst/server-control.ts';
import { ONLY_SERVER } from './burst/server-set.ts';
import type { AdmissionTerms } from './fair-queue/admission.ts';
import { Admission } from './fair-queue/admission.ts';
import { Calls } from './fair-queue/calls.ts';
import { Deadlines } from './fair-queue/deadlines.ts';
import type {
  QueueCall,
  QueueFigures,
  QueueItem,
  QueueLease,
  QueueRelease,
  QueueSpot,
  ReleaseReply,
} from './fair-queue/item.ts';
import { Lanes } from './fair-queue/lanes.ts';
import type { Claim, LaneName, Slot } from './fair-queue/slot.ts';
import { leaseOf, newSlot } from './fair-queue/slot.ts';
import type { ServerId } from './ids.ts';

export type * from './fair-queue/item.ts';

/**
 * The rules of the pool (L5) without clock or storage: what waits, in whose turn, who works on what,
 * and how much each feature server is given. Deterministic: the same calls give the same answers.
 *
 * Sessions take turns, items of a session take turns, an item that is enqueued again keeps its
 * place; never more leases for calls than the limit, one lease a key, fences rise. A lease lives
 * until it is released or until {@link FairQueue.expire} is called with a time past its end.
 *
 * @example
 * const queue = new FairQueue<string>(1);
 * queue.enqueue({ key: 'a', session: 's', kind: 'segment', value: 'A' });
 * const lease = queue.claim({ claimId: 'c1', leaseMs: 1000, now: 0 }); // { value: 'A', fence: 1, … }
 */
export class FairQueue<Value> {
  readonly #slots = new Map<string, Slot<Value>>();
  readonly #calls: Calls<Value>;
  readonly #lanes = new Lanes<Value>();
  readonly #deadlines = new Deadlines(this.#slots);
  readonly #admission: Admission;
  #lastFence = 0;

  constructor(ceiling: number) {
    this.#calls = new Calls(ceiling);
    this.#admission = new Admission(this.#calls.servers);
  }

  /** The feature servers from now on, in any order, and how many calls there may ever be in all. */
  useServers(servers: readonly ServerId[], most?: number): void {
    this.#calls.servers.use(servers, most);
  }

  /** Never refuses. Promotes the preparation that the item waits for, to just before it. */
  enqueue(item: QueueItem<Value>): QueueSpot {
    const present = this.#slots.get(item.key);
    this.#admission.arrived(item.key);
    if (item.after !== undefined) this.#promote(item.after, item.session);
    if (present !== undefined) return this.#merge(present, item);
    const slot = newSlot(item, item.kind === 'prepare' && this.#isAwaited(item.key));
    this.#slots.set(item.key, slot);
    this.#offer(slot);
    return { state: 'queued', position: this.#lanes.position(slot) };
  }

  /** The next item in turn, or one that waits in vain; the same lease for the same claim. */
  claim(request: {
    readonly claimId: string;
    readonly leaseMs: number;
    readonly now: number;
  }): QueueLease<Value> | undefined {
    const { now } = request;
    this.#calls.servers.note(now);
    const held = this.#calls.leased.get(request.claimId);
    if (held?.lease !== undefined) return leaseOf(held, held.lease);
    // To end it takes no place at the feature server.
    const overdue = this.#deadlines.overdue(now);
    if (overdue !== undefined) this.#lanes.remove(overdue);
    const slot = overdue ?? this.#nextInTurn(now);
    if (slot === undefined) return undefined;
    const server = this.#serverFor(slot, overdue === undefined, now);
    // Microseconds: a queue that lost its memory still gives greater fences than before.
    this.#lastFence = Math.max(this.#lastFence + 1, now * 1000);
    const lease: Claim = {
      claimId: request.claimId,
      fence: this.#lastFence,
      since: now,
      until: now + request.leaseMs,
      overdue: this.#calls.isOverdue(slot, server, now),
      server,
      alone: this.#calls.inFlight(server) === 0,
      judged: false,
    };
    slot.lease = lease;
    this.#calls.leased.set(request.claimId, slot);
    if (!lease.overdue) this.#calls.control(server, (control) => withCall(control, lease.fence));
    return leaseOf(slot, lease);
  }

  /** Puts the end of a lease off; false when it is gone. */
  renew(key: string, fence: number, until: number): boolean {
    const lease = this.#slots.get(key)?.lease;
    if (lease?.fence !== fence) return false;
    lease.until = until;
    return true;
  }

  /** Ends exactly this lease; nothing happens when it is gone. */
  release(key: string, fence: number, how: QueueRelease): ReleaseReply {
    const slot = this.#slots.get(key);
    const lease = slot?.lease;
    if (slot === undefined || lease?.fence !== fence) return 'gone';
    // A probe is not made for the sake of the item, and who was not there has not failed it: it costs
    // the item nothing.
    const isProbe = this.#calls.servers.get(lease.server).control.breaker.probe === fence;
    const isFree = isProbe || how.call?.result === 'unreachable';
    this.#calls.judge(slot, lease, how);
    const repeats = how.retryAt !== undefined;
    if (repeats && !isFree && !this.#calls.mayRepeat(slot, lease, how.retryAt, how.now))
      return 'kept';
    this.#calls.leased.delete(lease.claimId);
    slot.lease = undefined;
    this.#postpone(slot, how.deadline);
    if (repeats) {
      slot.avoid = hasLeft(how.call?.result) ? lease.server : undefined;
      this.#offerLater(slot, how.retryAt, isFree ? 0 : 1);
    } else if (how.healing) this.#offer(slot, slot.attempts, true);
    else if (how.dirty || slot.again) this.#offer(slot);
    else this.#forget(slot);
    return 'ended';
  }

  /** Offers again what was leased until `now` or before; how many. */
  expire(now: number): number {
    const over = [...this.#calls.leased.values()].filter((slot) => (slot.lease?.until ?? 0) <= now);
    for (const slot of over) {
      if (slot.lease !== undefined) {
        const { claimId, server, fence } = slot.lease;
        this.#calls.leased.delete(claimId);
        this.#calls.control(server, (control) => withoutCall(control, fence));
      }
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
    return { state: 'queued', position: this.#lanes.position(slot) };
  }

  /**
   * Items that would be served before this one if it were enqueued now; where it stands if it is.
   * A preparation that it would promote is not counted: it is part of the wait in any case.
   */
  preview(item: QueueItem<Value>): number {
    const present = this.place(item.key);
    if (present !== undefined) return present.position;
    const lane = item.kind === 'segment' ? 'interactive' : 'preparation';
    return this.#lanes.preview(item.session, lane);
  }

  /**
   * Lets an item in, or tells how long it would take when that is too long (A14). What is there
   * already is always let in.
   */
  admit(item: QueueItem<Value>, terms: AdmissionTerms): { readonly etaMs: number } | undefined {
    if (this.#slots.has(item.key)) return undefined;
    return this.#admission.ask(item, this.#calls.leased.size + this.preview(item), terms);
  }

  load(now: number): QueueFigures {
    return { waiting: this.#slots.size - this.#calls.leased.size, ...this.#calls.figures(now) };
  }

  /** How each server is, in their order. */
  healths(now: number): readonly ServerHealth[] {
    return this.#calls.servers.healths(now);
  }

  /**
   * Leases above a lowered ceiling run on; no new one is given until they are below it. `atLeast` is
   * where the limit starts when it is not to start at one call.
   */
  setCeiling(ceiling: number, atLeast = 1, server = ONLY_SERVER): void {
    this.#calls.control(server, (control) => withCeiling(control, ceiling, atLeast));
  }

  /** When something that waits for a time may be claimed, or a lease runs out; the earliest. */
  nextDue(now: number): number | undefined {
    let due = this.#deadlines.next();
    for (const slot of this.#calls.leased.values()) due = Math.min(due, slot.lease?.until ?? due);
    for (const slot of this.#lanes.retries) {
      if (slot.notBefore > now) due = Math.min(due, slot.notBefore);
    }
    for (const control of this.#calls.servers.controls)
      due = Math.min(due, nextProbeAt(control, now));
    return due === Number.POSITIVE_INFINITY ? undefined : due;
  }

  #merge(slot: Slot<Value>, item: QueueItem<Value>): QueueSpot {
    if (item.after !== undefined) slot.item = { ...slot.item, after: item.after };
    if (item.rank !== undefined) slot.item = { ...slot.item, rank: item.rank };
    this.#postpone(slot, item.deadline);
    if (slot.lease === undefined) return { state: 'merged', position: this.#lanes.position(slot) };
    // What is prepared cannot change, so the call under way does for everybody.
    if (item.kind === 'segment') slot.again = true;
    return { state: 'running', position: 0 };
  }

  #postpone(slot: Slot<Value>, deadline: number | undefined): void {
    const present = slot.item.deadline;
    if (deadline === undefined || (present !== undefined && present >= deadline)) return;
    slot.item = { ...slot.item, deadline };
    if (slot.lease === undefined) this.#deadlines.watch(slot);
  }

  #nextInTurn(now: number): Slot<Value> | undefined {
    if (this.#calls.servers.choose({}, now) === undefined) return undefined;
    return this.#lanes.serve((slot) => {
      const { notBefore, item } = slot;
      if (notBefore > now || (item.after !== undefined && this.#slots.has(item.after)))
        return false;
      // Whatever may go to any server may go now.
      return item.only === undefined || this.#calls.servers.choose(wishOf(slot), now) !== undefined;
    });
  }

  /** What is ended without a call needs no room. */
  #serverFor(slot: Slot<Value>, inTurn: boolean, now: number): ServerId {
    const wish = wishOf(slot);
    const [first = ONLY_SERVER] = this.#calls.servers.order(wish);
    return (inTurn ? this.#calls.servers.choose(wish, now) : undefined) ?? first;
  }

  /** In the earliest turn of a session that waits for it, not of the one that uploaded first. */
  #promote(key: string, session: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    slot.promoted = true;
    if (slot.lease !== undefined || !this.#lanes.isBetterOff(slot, session)) return;
    this.#lanes.remove(slot);
    slot.item = { ...slot.item, session };
    this.#put(slot, 'interactive');
  }

  #isAwaited(key: string): boolean {
    return [...this.#slots.values()].some((slot) => slot.item.after === key);
  }

  /** At the tail. */
  #offer(slot: Slot<Value>, attempts = 0, healed = false): void {
    slot.attempts = attempts;
    slot.notBefore = 0;
    slot.again = false;
    // It is the same attempt still.
    if (!healed) slot.avoid = undefined;
    slot.healed = healed;
    const inAdvance = slot.item.kind === 'prepare' && !slot.promoted;
    this.#put(slot, inAdvance ? 'preparation' : 'interactive');
  }

  #offerLater(slot: Slot<Value>, notBefore: number, failed: 0 | 1): void {
    slot.attempts += failed;
    slot.notBefore = notBefore;
    slot.again = false;
    this.#put(slot, 'retry');
  }

  #put(slot: Slot<Value>, lane: LaneName): void {
    this.#lanes.put(slot, lane);
    this.#deadlines.watch(slot);
  }

  #forget(slot: Slot<Value>): void {
    this.#slots.delete(slot.item.key);
    if (this.#slots.size === 0) this.#lanes.reset();
  }
}

const wishOf = ({ item: { rank, only }, avoid }: Slot<unknown>) => ({ rank, only, avoid });

/** A server that gives no answer is better asked by nobody for now; one that is busy will have time. */
const hasLeft = (result: QueueCall['result'] | undefined) =>
  result === 'failed' || result === 'timeout' || result === 'unreachable';
