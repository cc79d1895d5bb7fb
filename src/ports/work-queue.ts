import type { ServerHealth } from '../core/burst/server-control.ts';
import type { QueueCall, QueueFigures, ReleaseReply } from '../core/fair-queue.ts';
import type { ObjectId, ServerId, SessionId, Tenant } from '../core/ids.ts';
import type { ImageFacts } from './session-store.ts';

/** "This object is dirty": at most one token for each object, whatever the number of its clicks. */
export interface SegmentToken {
  readonly kind: 'segment';
  readonly sessionId: SessionId;
  readonly objectId: ObjectId;
  /** The preparation that must have ended before this can be claimed, if it is under way. */
  readonly after?: PrepareToken | undefined;
}

/**
 * "This content needs its embedding": one token for each tenant and content, and one for each server
 * that is to have it besides.
 */
export interface PrepareToken {
  readonly kind: 'prepare';
  /** Whose turn it takes: the session that asked first. */
  readonly sessionId: SessionId;
  readonly tenant: Tenant;
  /** What is prepared: the image together with its reference, if it has one. */
  readonly image: ImageFacts;
  /** That server and no other; the one that the image belongs to when absent. */
  readonly server?: ServerId | undefined;
}

export type Token = SegmentToken | PrepareToken;

export interface QueuePlace {
  /** `merged`: it waited already; `running`: a call is under way and another will follow. */
  readonly state: 'queued' | 'merged' | 'running';
  /** Tokens that are served before it. */
  readonly position: number;
}

/** How a token enters. Times are the caller's. */
export interface Entry {
  readonly now: number;
  /** When nobody wants the result any more; of several for one token the latest counts. */
  readonly deadlineAt?: number | undefined;
  /** What a turn costs its session, {@link TURN_COST} when absent. */
  readonly cost?: number | undefined;
}

export interface Lease {
  readonly token: Token;
  /** Greater than every fence before it, over all gateways and restarts. */
  readonly fence: number;
  /** Failed attempts before this one. */
  readonly attempts: number;
  /** When nobody wants the result any more, by the time of the claim. */
  readonly deadlineAt: number | undefined;
  /** A call would end after the deadline: the work is to be ended without one. */
  readonly overdue: boolean;
  /**
   * Who is to be called: always one that the gateway which claimed has named. Another one than a
   * preparation names when that one is not there.
   */
  readonly server: ServerId;
  /** What it needs has been made anew for its sake, and since then it was not answered. */
  readonly healed: boolean;
}

export interface ClaimRequest {
  readonly gatewayId: string;
  /** The same claim sent twice gets the same leases, as long as they live. */
  readonly claimId: string;
  /** Leases that are wanted at most; 0 only looks after those that ran out. */
  readonly most: number;
  readonly leaseMs: number;
  readonly now: number;
}

/** What a claim brought, and when the next one is worth its while though nothing rings. */
export interface Claimed {
  /** In turn; empty when nothing may start now. */
  readonly leases: readonly Lease[];
  /** When something that waits for a time becomes claimable, or a lease runs out; if ever. */
  readonly dueAt: number | undefined;
  /** Of each feature server, in the order of {@link WorkQueue.useServers}. */
  readonly healths: readonly ServerHealth[];
}

export interface Release {
  /** The object changed meanwhile, or its answer was refused: offer it again, at the tail. */
  readonly dirty: boolean;
  /** The attempt failed and is worth repeating, not before this time. */
  readonly retryAt?: number | undefined;
  /** The call that was made, by which the server is judged; absent when none was. */
  readonly call?: QueueCall | undefined;
  /** Of what is offered again, if that is later than before. */
  readonly deadlineAt?: number | undefined;
  /** It is offered again because what it needs is made anew; its next lease says so. */
  readonly healing?: boolean | undefined;
  readonly now: number;
}

/** How much waits, how much may be called at once, and how the server is. */
export type QueueLoad = QueueFigures;

/** Where an item has come to stand, and the load of the pool at that moment. */
export interface Enqueued extends QueuePlace {
  readonly load: QueueLoad;
}

export interface Admission {
  /** How long it would take, when that is too long to let it in. */
  readonly refused: { readonly etaMs: number } | undefined;
  readonly load: QueueLoad;
}

/**
 * The pool: what waits, in whose turn, who works on what, and how much the feature server is given.
 * One for each set of feature servers, shared by all gateways; its rules are those of `FairQueue`.
 *
 * Guarantees: sessions take turns, objects of a session take turns, a merged token keeps its place;
 * never more leases for calls than the limit, nor than the ceiling; one lease a token; fences rise.
 * Of several servers, the calls for an image go to the first in its order (`core/affinity.ts`) that can
 * be called, is below its own limit, and has no more than 1.25 times its share of all calls under way.
 * Nothing is lost: a lease that is neither renewed nor released is offered again after it ran out.
 * A token whose deadline has come is leased as `overdue`, whatever the limit.
 */
export interface WorkQueue {
  /** Never refuses (L5). A segment token promotes the preparation that it waits for. */
  enqueue(token: Token, entry: Entry): Promise<Enqueued>;
  /**
   * Whether a token may come in (A14): one that is there already, always; a new one when it would wait
   * no longer than `maxWaitMs` and end before its deadline, were its own call a slow one. It then counts as there for
   * a moment, so that gateways that ask at the same time do not all get the same place.
   */
  admit(token: Token, entry: Entry, maxWaitMs: number): Promise<Admission>;
  /**
   * Offers again what nobody renewed, at the tail and as a failed attempt; then leases the next tokens
   * in turn.
   */
  claim(request: ClaimRequest): Promise<Claimed>;
  /** Extends a lease; false when it is no longer this gateway's. */
  renew(lease: Lease, leaseMs: number, now: number): Promise<boolean>;
  /**
   * Ends exactly this lease, and says `ended`; `gone` when it has run out. When a retry is asked for
   * that the budget or the deadline does not allow, `kept`: the caller ends the work and releases again.
   */
  release(lease: Lease, release: Release): Promise<ReleaseReply>;
  /** Where a token stands; `undefined` when it is not in the pool. */
  place(token: Token): Promise<QueuePlace | undefined>;
  load(now: number): Promise<QueueLoad>;
  /**
   * The feature servers that this gateway can call; one without a name until then. Other gateways may
   * name others: what only one of theirs may have is left to them while they claim. `most` bounds all
   * calls together, when there are several.
   */
  useServers(servers: readonly ServerId[], most?: number): void;
  /**
   * Calls that may ever be open at a server at once, over all gateways (B6). The limit below it starts
   * at 1 and finds its way by how calls end; `atLeast` lets it start higher. Until then it is not called.
   */
  setCeiling(ceiling: number, atLeast?: number, server?: ServerId): Promise<void>;
  /** Names what the pool remembers; it has another name when it may have lost something. */
  generation(): Promise<string>;
  /** Rings when something may have become claimable; may ring for nothing. */
  onAvailable(listener: () => void): () => void;
}
