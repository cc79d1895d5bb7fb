/** The scripts of the pool against the pure rules: the same commands, the same answers. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryWorkQueue } from '../../src/adapters/memory/work-queue.ts';
import type { RedisConnections } from '../../src/adapters/redis/connections.ts';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { RedisWorkQueue } from '../../src/adapters/redis/work-queue.ts';
import type { QueueCall } from '../../src/core/fair-queue.ts';
import type { ServerId } from '../../src/core/ids.ts';
import { objectId, serverId, sessionId } from '../../src/core/ids.ts';
import type { Clock } from '../../src/ports/system.ts';
import type { Claimed, Lease, PrepareToken, Token, WorkQueue } from '../../src/ports/work-queue.ts';
import { imageFacts, NOW, TENANT } from '../contract/support.ts';
import { RedisServer } from './redis-server.ts';
import { connect } from './support.ts';

const RUNS = 50;

/** What may be done, in numbers: sessions, objects, images and leases are counted from 0. */
type Command =
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
  | { do: 'ceiling'; ceiling: number; atLeast: number; server?: number };

const number = (max: number) => fc.integer({ min: 0, max });
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

const command: fc.Arbitrary<Command> = fc.oneof(
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

class VirtualClock implements Clock {
  time = NOW;
  now = () => this.time;
  after = () => ({ cancel: () => undefined });
}

const owner = (n: number) => sessionId(`ses_${n}`);

const SERVERS = ['a', 'b', 'c'].map(serverId);

function preparation(session: number, image: number, server?: number): PrepareToken {
  return {
    kind: 'prepare',
    sessionId: owner(session),
    tenant: TENANT,
    image: imageFacts(`${image}`),
    ...(server === undefined ? {} : { server: SERVERS[server] }),
  };
}

function tokenOf(command: Command & { do: 'segment' | 'prepare' }): Token {
  if (command.do === 'prepare') {
    return preparation(command.session, command.image, command.server);
  }
  const { session, object, image } = command;
  return {
    kind: 'segment',
    sessionId: owner(session),
    objectId: objectId(`${object}`),
    ...(image === undefined ? {} : { after: preparation(session, image) }),
  };
}

/** Each session of another weight. */
function entryOf(command: Command & { do: 'segment' | 'prepare' }, now: number) {
  const cost = 500 * (1 + command.session);
  if (command.do === 'prepare' || command.deadlineInMs === undefined) return { cost };
  return { cost, deadlineAt: now + command.deadlineInMs };
}

/** The feature servers of a run. */
interface Fleet {
  readonly servers: readonly ServerId[];
  readonly most?: number | undefined;
}

const ONE: Fleet = { servers: [serverId('only')] };

/** One side of the comparison: carries out commands and tells what they answered. */
class Side {
  readonly #queue: WorkQueue;
  readonly #clock: VirtualClock;
  readonly #leases: Lease[] = [];
  readonly #claims: string[] = [];
  /** One of each. */
  readonly #tokens = new Map<string, Token>();
  readonly #servers: readonly ServerId[];

  constructor(queue: WorkQueue, clock: VirtualClock, { servers, most }: Fleet) {
    this.#queue = queue;
    this.#clock = clock;
    this.#servers = servers;
    queue.useServers(servers, most);
  }

  async answer(command: Command): Promise<unknown> {
    const now = this.#clock.now();
    switch (command.do) {
      case 'segment':
      case 'prepare': {
        const token = tokenOf(command);
        this.#tokens.set(
          token.kind === 'segment' ? `${token.sessionId} ${token.objectId}` : JSON.stringify(token),
          token,
        );
        const entry = { now, ...entryOf(command, now) };
        const maxWaitMs = command.do === 'segment' ? command.maxWaitMs : 60_000;
        const admitted = await this.#queue.admit(token, entry, maxWaitMs);
        return [admitted, await this.#queue.enqueue(token, entry)];
      }
      case 'claim':
        return await this.#claim(`claim ${this.#claims.length}`, command.leaseMs, command.most);
      case 'claim again': {
        const claimId = this.#claims[command.lease];
        return claimId === undefined ? 'none' : await this.#claim(claimId, 50, 2);
      }
      case 'renew': {
        const lease = this.#leases.at(-1 - command.lease);
        return lease && (await this.#queue.renew(lease, command.leaseMs, now));
      }
      case 'release': {
        const lease = this.#leases.at(-1 - command.lease);
        if (lease === undefined) return 'none';
        const { dirty, retryInMs, deadlineInMs, healing, call: made } = command;
        const at = (inMs: number | undefined) => (inMs === undefined ? undefined : now + inMs);
        const [retryAt, deadlineAt] = [at(retryInMs), at(deadlineInMs)];
        const how = { dirty, retryAt, deadlineAt, healing, call: made, now };
        return await this.#queue.release(lease, how);
      }
      case 'wait':
        return await this.#look();
      case 'ceiling':
        return await this.#setCeiling(command.ceiling, command.atLeast, command.server);
    }
  }

  /** Everything that can be asked. */
  async view(): Promise<unknown> {
    return {
      load: await this.#queue.load(this.#clock.now()),
      places: await Promise.all(
        [...this.#tokens.values()].map((token) => this.#queue.place(token)),
      ),
    };
  }

  /** Serves everything that is left, whatever it waits for. */
  async drain(): Promise<void> {
    for (const server of this.#servers.keys()) await this.#setCeiling(100, 100, server);
    for (;;) {
      const { leases } = await this.#claim('drain', 1, 3);
      if (leases.length === 0) return;
      for (const each of leases) {
        await this.#queue.release(each, { dirty: false, now: this.#clock.now() });
      }
    }
  }

  #setCeiling(ceiling: number, atLeast: number, server = 0): Promise<void> {
    return this.#queue.setCeiling(ceiling, atLeast, this.#servers[server % this.#servers.length]);
  }

  /** Looks what has run out, and when something is due. */
  #look(): Promise<Claimed> {
    const now = this.#clock.now();
    const request = { gatewayId: 'model', claimId: 'look', most: 0, leaseMs: 1, now };
    return this.#queue.claim(request);
  }

  async #claim(claimId: string, leaseMs: number, most: number): Promise<Claimed> {
    const now = this.#clock.now();
    const claimed = await this.#queue.claim({ gatewayId: 'model', claimId, most, leaseMs, now });
    this.#claims.push(claimId);
    this.#leases.push(...claimed.leases);
    return claimed;
  }
}

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
          retryInMs: fc.option(number(80), { nil: undefined, freq: 1 }),
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
