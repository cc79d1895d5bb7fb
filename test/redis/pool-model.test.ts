/** The scripts of the pool against the pure rules: the same commands, the same answers. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryWorkQueue } from '../../src/adapters/memory/work-queue.ts';
import type { RedisConnections } from '../../src/adapters/redis/connections.ts';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { RedisWorkQueue } from '../../src/adapters/redis/work-queue.ts';
import type { QueueCall } from '../../src/core/fair-queue.ts';
import type { ServerId } from '../../src/core/ids.ts';
import type { Command } from './pool-model/commands.ts';
import { command, number } from './pool-model/commands.ts';
import { ONE, SERVERS, Side, VirtualClock } from './pool-model/side.ts';
import { troubles } from './pool-model/troubles.ts';
import { RedisServer } from './redis-server.ts';
import { connect } from './support.ts';

const RUNS = 50;

/** While gateways are restarted with another list: of two that claim in turn, each has its own. */
const [A, B, C] = SERVERS as [ServerId, ServerId, ServerId];
const lists = fc.constantFrom(
  [[A], [A, B]],
  [
    [A, B],
    [B, C],
  ],
  [[A], [B]],
  [
    [A, B, C],
    [C, A],
  ],
);

let server: RedisServer;
let connections: RedisConnections;
beforeAll(async () => {
  server = await RedisServer.start();
  connections = await connect(server);
});
afterAll(async () => {
  await connections[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** The same commands to both; everything that they answer, and all that can be asked, is the same. */
async function compare(run: string, commands: readonly Command[], fleet = ONE): Promise<void> {
  const clock = new VirtualClock();
  const keys = new RedisKeys(run);
  const shared = { connections, keys, lifeMs: 60_000, time: 'caller' } as const;
  const real = new Side(await RedisWorkQueue.open(shared), clock, fleet);
  const pure = new Side(new MemoryWorkQueue(1), clock, fleet);
  for (const server of fleet.servers.keys()) {
    const ceiling = { do: 'ceiling', ceiling: 3, atLeast: 3, server } as const;
    for (const side of [real, pure]) await side.answer(ceiling);
  }
  for (const each of commands) {
    if (each.do === 'wait') clock.time += each.ms;
    expect([each, await real.answer(each)]).toEqual([each, await pure.answer(each)]);
    expect([each, await real.view()]).toEqual([each, await pure.view()]);
  }
  // Past every deadline, retry and pause.
  clock.time += 20_000;
  for (const side of [real, pure]) {
    await side.answer({ do: 'wait', ms: 0 });
    await side.drain();
  }
  expect(await pure.view()).toMatchObject({ load: { waiting: 0, leased: 0 } });
  const left = await connections.commands.use((client) => client.keys(`${run}:*`));
  const [meta, reserved] = [keys.pool()[0], keys.pool()[10]];
  expect(left.filter((key) => key !== reserved)).toEqual([meta]);
}

it('L5 the pool in Redis answers as the pure rules do', { timeout: 120_000 }, async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 30, maxLength: 90 }), async (commands) => {
      runs += 1;
      await compare(`model-${runs}`, commands);
    }),
    { numRuns: RUNS },
  );
});

it('B6 several servers get their calls as the pure rules say', { timeout: 120_000 }, async () => {
  let runs = 0;
  const fleet = fc.record({
    servers: fc.constantFrom(SERVERS, SERVERS.slice(0, 2)),
    lists: fc.option(lists, { nil: undefined, freq: 2 }),
    most: fc.option(fc.integer({ min: 2, max: 5 }), { nil: undefined }),
  });
  const commands = fc.array(command, { minLength: 30, maxLength: 90 });
  await fc.assert(
    fc.asyncProperty(commands, fleet, async (each, several) => {
      runs += 1;
      await compare(`several-${runs}`, each, several);
    }),
    { numRuns: RUNS },
  );
});

it('B5 what servers fail goes on as the pure rules say', { timeout: 120_000 }, async () => {
  let runs = 0;
  const fleets = fc.oneof(
    fc.constantFrom({ servers: SERVERS }, { servers: SERVERS.slice(0, 2), most: 4 }),
    fc.record({ servers: fc.constant(SERVERS), lists }),
  );
  await fc.assert(
    fc.asyncProperty(troubles, fleets, async (commands, fleet) => {
      runs += 1;
      await compare(`troubles-${runs}`, commands, fleet);
    }),
    { numRuns: RUNS },
  );
});

it('B6 it judges the server as the pure rules do', { timeout: 120_000 }, async () => {
  const fleets = fc.constantFrom(ONE, { servers: SERVERS, most: 4 });
  let runs = 0;
  // Calls one after the other and side by side, in times in which they mostly end alike.
  const calls = fc
    .record({
      mood: fc.constantFrom('ok', 'ok', 'overloaded', 'failed', 'timeout'),
      durationMs: fc.constantFrom(100, 300, 900),
      each: fc.array(
        fc.record({
          isUsual: fc.boolean(),
          ms: fc.constantFrom(0, 150, 600),
          most: fc.integer({ min: 1, max: 3 }),
          retryInMs: fc.option(number(80), { nil: undefined, freq: 2 }),
          kind: fc.constantFrom('segment', 'segment', 'segment', 'encode'),
        }),
        { minLength: 4, maxLength: 14 },
      ),
    })
    .map(({ mood, durationMs, each }) =>
      each.flatMap(({ isUsual, ms, most, retryInMs, kind }, index): Command[] => {
        const result = (isUsual ? mood : 'ok') as QueueCall['result'];
        const call = { kind: kind as 'segment', result, durationMs: durationMs + 10 * index };
        const segment = { do: 'segment', session: index % 3, image: index % 2 } as const;
        const waits = { deadlineInMs: undefined, maxWaitMs: 1_000 };
        const dirty = most > 2;
        return [
          { ...segment, ...waits, object: 0 },
          { ...segment, ...waits, object: 1 },
          { do: 'claim', leaseMs: 5_000, most },
          { do: 'wait', ms },
          { do: 'release', lease: 0, dirty, retryInMs, call, deadlineInMs: undefined },
          { do: 'release', lease: 1, dirty, retryInMs: undefined, call, deadlineInMs: undefined },
        ];
      }),
    );
  await fc.assert(
    fc.asyncProperty(
      fc.array(calls, { minLength: 2, maxLength: 5 }),
      fleets,
      async (times, fleet) => {
        runs += 1;
        await compare(`server-${runs}`, times.flat(), fleet);
      },
    ),
    { numRuns: RUNS },
  );
});
