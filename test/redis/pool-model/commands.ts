/** Whatever may be done to a pool, at random. */
import fc from 'fast-check';
import type { QueueCall } from '../../../src/core/fair-queue.ts';

/**
 * What may be done, in numbers: sessions, objects, images and leases are counted from 0, and so are the
 * lists of servers of which the gateway that does it has one.
 */
export type Command = { by?: number } & (
  | {
      do: 'segment';
      session: number;
      object: number;
      image: number | undefined;
      /** Of the click, from now; and how long it may wait to be let in. */
      deadlineInMs: number | undefined;
      maxWaitMs: number;
    }
  | { do: 'prepare'; session: number; image: number; server: number | undefined }
  | { do: 'claim'; leaseMs: number; most: number }
  | { do: 'claim again'; lease: number }
  | { do: 'renew'; lease: number; leaseMs: number }
  | {
      do: 'release';
      lease: number;
      dirty: boolean;
      retryInMs: number | undefined;
      call: QueueCall | undefined;
      deadlineInMs: number | undefined;
      healing?: boolean;
    }
  | { do: 'wait'; ms: number }
  | { do: 'ceiling'; ceiling: number; atLeast: number; server?: number }
);

export const number = (max: number) => fc.integer({ min: 0, max });
const lease = number(3);

/** More often well than not, so that limits rise, too. */
const call = fc.option(
  fc.record({
    kind: fc.constantFrom('segment', 'segment', 'encode'),
    result: fc.constantFrom(
      ...(['ok', 'ok', 'ok', 'ok', 'overloaded', 'timeout', 'failed', 'unreachable'] as const),
    ),
    durationMs: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
  }),
  { nil: undefined },
) as fc.Arbitrary<QueueCall | undefined>;

const deed = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('segment'),
      session: number(2),
      object: number(1),
      image: fc.option(number(1), { nil: undefined, freq: 2 }),
      deadlineInMs: fc.option(number(2_000), { nil: undefined, freq: 2 }),
      maxWaitMs: fc.constantFrom(0, 200, 60_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('prepare'),
      session: number(2),
      image: number(1),
      server: fc.option(number(2), { nil: undefined }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('claim'),
      leaseMs: number(100),
      most: fc.constantFrom(1, 1, 1, 2, 3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('claim again'), lease }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('renew'), lease, leaseMs: number(100) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('release'),
      lease,
      dirty: fc.boolean(),
      retryInMs: fc.option(fc.integer({ min: -10, max: 80 }), { nil: undefined, freq: 2 }),
      call,
      deadlineInMs: fc.option(number(500), { nil: undefined, freq: 9 }),
      healing: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), ms: number(60) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('ceiling'),
      ceiling: number(5),
      atLeast: number(4),
      server: number(2),
    }),
  },
) as fc.Arbitrary<Command>;

export const command: fc.Arbitrary<Command> = fc
  .tuple(deed, number(1))
  .map(([each, by]) => ({ ...each, by }));
