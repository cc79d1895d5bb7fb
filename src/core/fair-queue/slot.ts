import type { CallKind } from '../burst/concurrency-limit.ts';
import type { ServerId } from '../ids.ts';
import type { QueueItem, QueueLease } from './item.ts';

export interface Claim {
  readonly claimId: string;
  readonly fence: number;
  readonly since: number;
  readonly overdue: boolean;
  /** Who is to be called. */
  readonly server: ServerId;
  /** Nothing else was leased for it when it was given. */
  readonly alone: boolean;
  until: number;
  /** Its call has been counted, though it goes on. */
  judged: boolean;
}

export type LaneName = 'interactive' | 'retry' | 'preparation';

export interface Slot<Value> {
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
  /** Where its last attempt has failed. */
  avoid: ServerId | undefined;
  /** It was offered again because what it needs is made anew. */
  healed: boolean;
  lease: Claim | undefined;
}

/** The call that an item leads to. */
export const callOf = ({ item }: Slot<unknown>): CallKind =>
  item.kind === 'prepare' ? 'encode' : 'segment';

export function newSlot<Value>(item: QueueItem<Value>, promoted: boolean): Slot<Value> {
  return {
    item,
    lane: 'interactive',
    tag: 0,
    order: 0,
    notBefore: 0,
    attempts: 0,
    promoted,
    again: false,
    avoid: undefined,
    healed: false,
    lease: undefined,
  };
}

export function leaseOf<Value>(slot: Slot<Value>, claim: Claim): QueueLease<Value> {
  const { item, attempts, healed } = slot;
  const { fence, overdue, server } = claim;
  const { key, value, deadline } = item;
  return { key, value, fence, attempts, deadline, overdue, server, healed };
}
