/** What goes into a fair queue, and what comes out. */
import type { CallKind, CallResult } from '../burst/concurrency-limit.ts';
import type { ServerHealth } from '../burst/server-control.ts';
import type { ServerId } from '../ids.ts';

/** What a turn costs a session of weight 1; a whole number, so that turns add up exactly. */
export const TURN_COST = 1_000;

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
  /** {@link TURN_COST} over the weight of its session; that when absent. */
  readonly cost?: number | undefined;
  /** When nobody wants the result any more; never when absent. A later one of the same key counts. */
  readonly deadline?: number | undefined;
  /** The feature servers in the order in which they are to have it; any when absent. */
  readonly rank?: readonly ServerId[] | undefined;
  /** To no other one, as long as this one is there. */
  readonly only?: ServerId | undefined;
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
  /** When nobody wants the result any more. */
  readonly deadline: number | undefined;
  /** A call would end after the deadline: the item is to be ended without one. */
  readonly overdue: boolean;
  /** The feature server that the call is for. */
  readonly server: ServerId;
  /** What it needs has been made anew for its sake, and since then it was not answered. */
  readonly healed: boolean;
}

/** How work on an item ended. */
export interface QueueRelease {
  /** It changed meanwhile. */
  readonly dirty: boolean;
  /** The attempt failed and is worth repeating then, if the budget allows it. */
  readonly retryAt?: number | undefined;
  /** The call that was made; absent when none was. */
  readonly call?: QueueCall | undefined;
  /** Of what is offered again, if that is later than before. */
  readonly deadline?: number | undefined;
  /** It is offered again because what it needs is made anew. */
  readonly healing?: boolean | undefined;
  readonly now: number;
}

export interface QueueCall {
  readonly kind: CallKind;
  readonly result: CallResult;
  /** When it brought a result, and how long it was waited for when it did not answer in time. */
  readonly durationMs?: number | undefined;
}

/** `kept`: it may not be repeated, so that the holder of the lease has to end it otherwise. */
export type ReleaseReply = 'ended' | 'gone' | 'kept';

export interface QueueFigures {
  readonly waiting: number;
  readonly leased: number;
  /** Calls that may be open now; never above the ceiling. */
  readonly limit: number;
  /** Calls that will be open when there is more to do: what waits are reckoned with. */
  readonly foreseen: number;
  readonly ceiling: number;
  readonly health: ServerHealth;
  /** What one call takes on average, in whole milliseconds. */
  readonly callMs: number;
}
