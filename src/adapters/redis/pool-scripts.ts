import { script } from './scripts.ts';

type Flag = 0 | 1;
type Spot<State extends string> = [state: State, position: number];

/** The scripts of `lua/pool`, with the replies that their headers promise. */
export const POOL = {
  enqueue: script<Spot<'queued' | 'merged' | 'running'>>('pool/enqueue-9'),
  claim: script<[key: string, value: string, fence: string, attempts: number] | null>(
    'pool/claim-9',
  ),
  renew: script<Flag>('pool/renew-9'),
  release: script<Flag>('pool/release-9'),
  expire: script<number>('pool/expire-9'),
  place: script<Spot<'queued' | 'running'> | null>('pool/place-9'),
  preview: script<number>('pool/preview-9'),
  load: script<[waiting: number, leased: number, limit: number]>('pool/load-9'),
  setLimit: script<string>('pool/set-limit-9'),
  nextDue: script<number | null>('pool/next-due-9'),
} as const;
