/** Times of trouble: servers that fail what they are given, and what follows from that for their work. */
import fc from 'fast-check';
import type { QueueCall } from '../../../src/core/fair-queue.ts';
import type { Command } from './commands.ts';
import { number } from './commands.ts';

/** They live through every wait. */
const LEASE_MS = 15_000;

const step = fc.record({
  by: number(1),
  session: number(1),
  image: number(1),
  object: number(2),
  /** Of a preparation for that one alone. */
  server: fc.option(number(2), { nil: undefined, freq: 2 }),
  most: fc.integer({ min: 1, max: 3 }),
  result: fc.constantFrom(
    ...(['ok', 'overloaded', 'timeout', 'failed', 'failed', 'unreachable', 'unreachable'] as const),
  ),
  ends: fc.constantFrom('retry', 'retry', 'retry', 'healing', 'dirty', 'lost', 'held'),
  /** Within a pause of the breaker, past it, and until another retry is allowed. */
  ms: fc.constantFrom(0, 0, 200, 600, 600, 11_000),
});

function commandsOf(each: typeof step extends fc.Arbitrary<infer Step> ? Step : never): Command[] {
  const { by, session, image, object, server, most, result, ends, ms } = each;
  const call: QueueCall = { kind: 'segment', result, durationMs: 100 };
  const retryInMs = ends === 'retry' ? 0 : undefined;
  const how = { dirty: ends === 'dirty', healing: ends === 'healing', retryInMs, call };
  const release = (lease: number): Command => {
    return { do: 'release', by, lease, ...how, deadlineInMs: undefined };
  };
  const waits = { deadlineInMs: undefined, maxWaitMs: 60_000 };
  const asked: Command =
    server === undefined
      ? { do: 'segment', by, session, object, image, ...waits }
      : { do: 'prepare', by, session, image, server };
  return [
    asked,
    { do: 'claim', by, leaseMs: ends === 'lost' ? ms : LEASE_MS, most },
    ...(ends === 'lost' || ends === 'held' ? [] : [release(0), release(1)]),
    { do: 'wait', ms },
    { do: 'claim', by: by + 1, leaseMs: LEASE_MS, most: 1 },
  ];
}

export const troubles: fc.Arbitrary<Command[]> = fc
  .array(step, { minLength: 6, maxLength: 14 })
  .map((steps) => steps.flatMap(commandsOf));
