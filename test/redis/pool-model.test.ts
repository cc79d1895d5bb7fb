/** The scripts of the pool against the pure rules: the same commands, the same answers. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryWorkQueue } from '../../src/adapters/memory/work-queue.ts';
import type { RedisConnections } from '../../src/adapters/redis/connections.ts';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { RedisWorkQueue } from '../../src/adapters/redis/work-queue.ts';
import { objectId, sessionId } from '../../src/core/ids.ts';
import type { Clock } from '../../src/ports/system.ts';
import type { Claimed, Lease, PrepareToken, Token, WorkQueue } from '../../src/ports/work-queue.ts';
import { imageFacts, NOW, TENANT } from '../contract/support.ts';
import { RedisServer } from './redis-server.ts';
import { connect } from './support.ts';

const RUNS = 50;

/** What may be done, in numbers: sessions, objects, images and leases are counted from 0. */
type Command =
  | { do: 'segment'; session: number; object: number; image: number | undefined }
  | { do: 'prepare'; session: number; image: number }
  | { do: 'claim'; leaseMs: number; most: number }
  | { do: 'claim again'; lease: number }
  | { do: 'renew'; lease: number; leaseMs: number }
  | { do: 'release'; lease: number; dirty: boolean; retryInMs: number | undefined }
  | { do: 'wait'; ms: number }
  | { do: 'limit'; limit: number };

const number = (max: number) => fc.integer({ min: 0, max });
const lease = number(3);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('segment'),
      session: number(2),
      object: number(1),
      image: fc.option(number(1), { nil: undefined, freq: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('prepare'), session: number(2), image: number(1) }),
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
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait'), ms: number(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('limit'), limit: number(5) }) },
) as fc.Arbitrary<Command>;

class VirtualClock implements Clock {
  time = NOW;
  now = () => this.time;
  after = () => ({ cancel: () => undefined });
}

const owner = (n: number) => sessionId(`ses_${n}`);

function preparation(session: number, image: number): PrepareToken {
  return {
    kind: 'prepare',
    sessionId: owner(session),
    tenant: TENANT,
    image: imageFacts(`${image}`),
  };
}

function tokenOf(command: Command & { do: 'segment' | 'prepare' }): Token {
  if (command.do === 'prepare') return preparation(command.session, command.image);
  const { session, object, image } = command;
  return {
    kind: 'segment',
    sessionId: owner(session),
    objectId: objectId(`${object}`),
    ...(image === undefined ? {} : { after: preparation(session, image) }),
  };
}

/** One side of the comparison: carries out commands and tells what they answered. */
class Side {
  readonly #queue: WorkQueue;
  readonly #clock: VirtualClock;
  readonly #leases: Lease[] = [];
  readonly #claims: string[] = [];
  readonly #tokens: Token[] = [];

  constructor(queue: WorkQueue, clock: VirtualClock) {
    this.#queue = queue;
    this.#clock = clock;
  }

  async answer(command: Command): Promise<unknown> {
    const now = this.#clock.now();
    switch (command.do) {
      case 'segment':
      case 'prepare': {
        const token = tokenOf(command);
        this.#tokens.push(token);
        const foretold = await this.#queue.preview(token);
        return [foretold, await this.#queue.enqueue(token, now)];
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
        const { dirty, retryInMs } = command;
        const retryAt = retryInMs === undefined ? undefined : now + retryInMs;
        return await this.#queue.release(lease, { dirty, retryAt, now });
      }
      case 'wait':
        return await this.#look();
      case 'limit':
        return await this.#queue.setLimit(command.limit);
    }
  }

  /** Everything that can be asked. */
  async view(): Promise<unknown> {
    return {
      load: await this.#queue.load(),
      places: await Promise.all(this.#tokens.map((token) => this.#queue.place(token))),
      previews: await Promise.all(this.#tokens.map((token) => this.#queue.preview(token))),
    };
  }

  /** Serves everything that is left, whatever it waits for. */
  async drain(): Promise<void> {
    await this.#queue.setLimit(100);
    for (;;) {
      const { leases } = await this.#claim('drain', 1, 3);
      if (leases.length === 0) return;
      for (const each of leases) {
        await this.#queue.release(each, { dirty: false, now: this.#clock.now() });
      }
    }
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

it('L5 the pool in Redis answers as the pure rules do', { timeout: 120_000 }, async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 30, maxLength: 90 }), async (commands) => {
      const clock = new VirtualClock();
      const keys = new RedisKeys(`model-${runs}`);
      runs += 1;
      const shared = { connections, keys, lifeMs: 60_000, time: 'caller' } as const;
      const real = new Side(await RedisWorkQueue.open(shared), clock);
      const pure = new Side(new MemoryWorkQueue(1), clock);
      for (const side of [real, pure]) await side.answer({ do: 'limit', limit: 3 });
      for (const each of commands) {
        if (each.do === 'wait') clock.time += each.ms;
        expect([each, await real.answer(each)]).toEqual([each, await pure.answer(each)]);
        expect([each, await real.view()]).toEqual([each, await pure.view()]);
      }
      clock.time += 1_000;
      for (const side of [real, pure]) {
        await side.answer({ do: 'wait', ms: 0 });
        await side.drain();
      }
      expect(await pure.view()).toMatchObject({ load: { waiting: 0, leased: 0 } });
      const left = await connections.commands.use((client) => client.keys(`model-${runs - 1}:*`));
      expect(left).toEqual([keys.pool()[0]]);
    }),
    { numRuns: RUNS },
  );
});
