import { startMaskwire } from './maskwire.ts';
import { startFifoQueue, startNaiveProxy } from './peers.ts';
import type { StartSystem } from './system.ts';

/** What is compared, in the order of the tables. */
export const CONTENDERS: readonly { readonly name: string; readonly start: StartSystem }[] = [
  { name: 'Maskwire', start: startMaskwire },
  { name: 'FIFO queue', start: startFifoQueue },
  { name: 'naive proxy', start: startNaiveProxy },
];
