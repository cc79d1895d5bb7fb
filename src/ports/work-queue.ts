import type { ObjectId, SessionId, Tenant } from '../core/ids.ts';
import type { ImageFacts } from './session-store.ts';

/** "This object is dirty": at most one token for each object, whatever the number of its clicks. */
export interface SegmentToken {
  readonly kind: 'segment';
  readonly sessionId: SessionId;
  readonly objectId: ObjectId;
  /** The preparation that must have ended before this can be claimed, if it is under way. */
  readonly after?: PrepareToken | undefined;
}

/** "This content needs its embedding": one token for each tenant and content. */
export interface PrepareToken {
  readonly kind: 'prepare';
  /** Whose turn it takes: the session that asked first. */
  readonly sessionId: SessionId;
  readonly tenant: Tenant;
  /** What is prepared: the image together with its reference, if it has one. */
  readonly image: ImageFacts;
}

export type Token = SegmentToken | PrepareToken;

export interface QueuePlace {
  /** `merged`: it waited already; `running`: a call is under way and another will follow. */
  readonly state: 'queued' | 'merged' | 'running';
  /** Tokens that are served before it. */
  readonly position: number;
}

export interface Lease {
  readonly token: Token;
  /** Greater than every fence before it, over all gateways and restarts. */
  readonly fence: number;
  /** Failed attempts before this one. */
  readonly attempts: number;
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
  /** When a waiting retry becomes claimable or a lease runs out; `undefined` for never. */
  readonly dueAt: number | undefined;
}

export interface Release {
  /** The object changed meanwhile, or its answer was refused: offer it again, at the tail. */
  readonly dirty: boolean;
  /** The attempt failed and is worth repeating, not before this time. */
  readonly retryAt?: number | undefined;
  readonly now: number;
}

export interface QueueLoad {
  readonly waiting: number;
  readonly leased: number;
  readonly limit: number;
}

/** Where an item has come to stand, and the load of the pool at that moment. */
export interface Enqueued extends QueuePlace {
  readonly load: QueueLoad;
}

/** What would become of a token if it were added now. */
export interface Preview {
  /** Tokens that would be served before it; where it stands when it is there. */
  readonly position: number;
  readonly load: QueueLoad;
}

/**
 * The pool: what waits, in whose turn, and who works on what. One for each set of feature servers,
 * shared by all gateways.
 *
 * Guarantees: sessions take turns, objects of a session take turns, a merged token keeps its place;
 * never more leases than the limit; one lease a token; fences rise. Nothing is lost: a lease that is
 * neither renewed nor released is offered again after it ran out.
 */
export interface WorkQueue {
  /** Never refuses (L5). A segment token promotes the preparation that it waits for. */
  enqueue(token: Token, now: number): Promise<Enqueued>;
  /**
   * Offers again what nobody renewed, at the tail and as a failed attempt; then leases the next tokens
   * in turn.
   */
  claim(request: ClaimRequest): Promise<Claimed>;
  /** Extends a lease; false when it is no longer this gateway's. */
  renew(lease: Lease, leaseMs: number, now: number): Promise<boolean>;
  /** Ends exactly this lease; nothing when it has run out. */
  release(lease: Lease, release: Release): Promise<void>;
  /** Looks without adding. */
  preview(token: Token): Promise<Preview>;
  /** Where a token stands; `undefined` when it is not in the pool. */
  place(token: Token): Promise<QueuePlace | undefined>;
  load(): Promise<QueueLoad>;
  /** Calls that may be open at once, over all gateways (B6). */
  setLimit(limit: number): Promise<void>;
  /** Names what the pool remembers; it has another name when it may have lost something. */
  generation(): Promise<string>;
  /** Rings when something may have become claimable; may ring for nothing. */
  onAvailable(listener: () => void): () => void;
}
