import type { ReleaseReply } from '../../core/fair-queue.ts';
import type { ServerId } from '../../core/ids.ts';
import { script } from './scripts.ts';

type Flag = 0 | 1;
type Spot<State extends string> = [state: State, position: number];
export type Load = [
  waiting: number,
  leased: number,
  limit: number,
  ceiling: number,
  healths: string,
  callMs: number,
  foreseen: number,
];
export type LeaseReply = [
  value: string,
  fence: string,
  attempts: number,
  deadlineInMs: number | '',
  overdue: Flag,
  server: ServerId,
  healed: Flag,
];
type ClaimReply = [...leases: LeaseReply[], dueInMs: number | '', healths: string, waiting: number];

/** The scripts of `lua/pool`, with the replies that their headers promise. */
export const POOL = {
  enqueue: script<[...Spot<'queued' | 'merged' | 'running'>, ...Load]>('pool/enqueue-11'),
  admit: script<[etaMs: number | '', ...Load]>('pool/admit-11'),
  claim: script<ClaimReply>('pool/claim-11'),
  renew: script<Flag>('pool/renew-11'),
  release: script<ReleaseReply>('pool/release-11'),
  place: script<Spot<'queued' | 'running'> | null>('pool/place-11'),
  load: script<Load>('pool/load-11'),
  setCeiling: script<string>('pool/set-ceiling-11'),
  generation: script<string>('pool/generation-11'),
} as const;
