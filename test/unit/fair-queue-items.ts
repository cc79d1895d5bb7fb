/** What the tests of the fair queue put into it. */
import fc from 'fast-check';
import type { QueueItem } from '../../src/core/fair-queue.ts';
import { FairQueue } from '../../src/core/fair-queue.ts';

export const SESSIONS = ['a', 'b', 'c'];
/** Of weights 1, 2 and 1/2. */
const COSTS: Readonly<Record<string, number>> = { b: 500, c: 2_000 };
export const OBJECTS = ['1', '2', '3'];
export const CONTENTS = ['i', 'j'];

/** A call for an object, `a1`: the letter is its session. */
export const segment = (key: string, after?: string): QueueItem<string> => ({
  key,
  session: key.slice(0, 1),
  kind: 'segment',
  after,
  value: key,
  cost: COSTS[key.slice(0, 1)],
});

export const prepare = (session: string, content: string): QueueItem<string> => ({
  key: `prepare ${content}`,
  session,
  kind: 'prepare',
  value: content,
});

export const segmentKey = fc
  .tuple(fc.constantFrom(...SESSIONS), fc.constantFrom(...OBJECTS))
  .map(([session, object]) => session + object);

/** One whose limit is not still to be found. */
export function openQueue(limit: number): FairQueue<string> {
  const queue = new FairQueue<string>(limit);
  queue.setCeiling(limit, limit);
  return queue;
}
