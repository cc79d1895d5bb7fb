import { script } from './scripts.ts';

type Flag = 0 | 1;
type Spot<State extends string> = [state: State, position: number];
export type Load = [waiting: number, leased: number, limit: number];
export type LeaseReply = [value: string, fence: string, attempts: number];

/** The scripts of `lua/pool`, with the replies that their headers promise. */
export const POOL = {
  enqueue: script<[...Spot<'queued' | 'merged' | 'running'>, ...Load]>('pool/enqueue-9'),
  claim: script<[...leases: LeaseReply[], dueInMs: number | '']>('pool/claim-9'),
  renew: script<Flag>('pool/renew-9'),
  release: script<Flag>('pool/release-9'),
  place: script<Spot<'queued' | 'running'> | null>('pool/place-9'),
  preview: script<[position: number, ...Load]>('pool/preview-9'),
  load: script<Load>('pool/load-9'),
  generation: script<string>('pool/generation-9'),
  setLimit: script<string>('pool/set-limit-9'),
} as const;
