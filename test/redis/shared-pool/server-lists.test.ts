/** Gateways that know different feature servers, as while a list is changed by restarts one by one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisConnections } from '../../../src/adapters/redis/connections.ts';
import type { ServerId } from '../../../src/core/ids.ts';
import { serverId } from '../../../src/core/ids.ts';
import type { Lease } from '../../../src/ports/work-queue.ts';
import { NOW } from '../../contract/support.ts';
import { freshPrefix } from '../engine-contracts.ts';
import { RedisServer } from '../redis-server.ts';
import { connect } from '../support.ts';
import type { Lister, Lists } from './lister.ts';
import { CEILING, LEASE_MS, objects, openTwo, preparation } from './lister.ts';

const [A, B, C] = ['a', 'b', 'c'].map(serverId) as [ServerId, ServerId, ServerId];
const UNREACHABLE = { kind: 'segment', result: 'unreachable' } as const;

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

const open = (lists: Lists, most?: number) => openTwo(connections, freshPrefix(), lists, most);

const CHANGES: readonly { readonly what: string; readonly lists: Lists }[] = [
  { what: 'adds one', lists: [[A], [A, B]] },
  {
    what: 'changes one of two',
    lists: [
      [A, B],
      [B, C],
    ],
  },
  { what: 'changes the only one', lists: [[A], [B]] },
  {
    what: 'adds one to two',
    lists: [
      [A, B],
      [C, A, B],
    ],
  },
];

/** Both claim in turn, and end what is the oldest; all that was ended. */
async function workOff(gateways: readonly Lister[]): Promise<readonly Lease[]> {
  const held: { readonly by: Lister; readonly lease: Lease }[] = [];
  const ended: Lease[] = [];
  for (let turn = 0; turn < 30; turn += 1) {
    for (const [n, by] of gateways.entries()) {
      const now = NOW + turn * 200 + n * 100;
      for (const lease of await by.claim(3, now)) held.push({ by, lease });
      const calls = held.map(({ lease }) => lease.server);
      for (const name of calls) {
        expect(calls.filter((each) => each === name).length).toBeLessThanOrEqual(CEILING);
      }
      // Not all, so that there are always some under way.
      for (const { by: owner, lease } of held.splice(0, 2)) {
        const call = { kind: 'segment', result: 'ok', durationMs: 100 } as const;
        expect(await owner.end(lease, { call, now })).toBe('ended');
        ended.push(lease);
      }
    }
  }
  return ended;
}

describe('redis pool of gateways with different lists of feature servers', () => {
  it.each(CHANGES)(
    'B6 a list that $what: all is ended, and no server has more than it may',
    async ({ lists }) => {
      const { one, two } = await open(lists);
      const all = [...new Set(lists.flat())];
      for (const each of [one, two]) await each.add(...objects(8));
      await one.add(...all.map((only) => preparation('dog', only)));
      const ended = await workOff([one, two]);
      expect(await one.standing()).toEqual({ waiting: 0, leased: 0 });
      expect(ended.filter(({ token }) => token.kind === 'segment')).toHaveLength(16);
      // What only one server may have was called there.
      const bound = ended.flatMap(({ token, server: by }) =>
        token.kind === 'prepare' ? [[token.server, by]] : [],
      );
      expect(bound.sort()).toEqual(all.map((only) => [only, only]).sort());
    },
  );

  it('B6 calls at a server that a gateway does not know take no place of those that it knows', async () => {
    const { one, two } = await open([[A], [B]]);
    await one.add(...objects(6));
    const servers = async (by: Lister) => (await by.claim(4)).map((lease) => lease.server);
    expect(await servers(one)).toEqual([A, A]);
    expect(await servers(two)).toEqual([B, B]);
    expect(await one.standing()).toEqual({ waiting: 2, leased: 4 });
  });

  it('B6 the most calls of all count those at servers that are no longer listed', async () => {
    const { one, two } = await open(
      [
        [A, B],
        [B, C],
      ],
      3,
    );
    await one.add(...objects(6));
    expect(await one.claim(2)).toHaveLength(2);
    expect(await two.claim(4)).toHaveLength(1);
    expect(await two.standing()).toEqual({ waiting: 3, leased: 3 });
  });

  it('B2 a preparation for one server is left to the gateway that knows it, as long as that claims', async () => {
    const { one, two } = await open([[A], [B]]);
    await two.claim(1);
    await one.add(preparation('cat', B));
    expect(await one.claim(1)).toEqual([]);
    expect((await two.claim(1)).map((lease) => lease.server)).toEqual([B]);
  });

  it('B2 when no gateway knows that server any more, another one gets it, to end it', async () => {
    const { one, two } = await open([[A], [B]]);
    await two.claim(1);
    await one.add(preparation('cat', B));
    expect(await one.claim(1, NOW + 4_999)).toEqual([]);
    expect(await one.one(NOW + 5_000)).toMatchObject({ server: A, token: { server: B } });
  });

  it('B2 nor does one wait that has never been called, or is away', async () => {
    const { one, two } = await open([[A], [B]]);
    await one.add(preparation('cat', C));
    expect(await one.one()).toMatchObject({ server: A, token: { server: C } });
    await two.add(...objects(1));
    await two.end(await two.one(), { call: UNREACHABLE });
    await one.add(preparation('cat', B));
    expect(await one.one()).toMatchObject({ server: A, token: { server: B } });
  });

  it('L5 leases of a gateway that has left run out, and others serve them at their own servers', async () => {
    const { one, two } = await open([[A], [B]]);
    await one.add(...objects(2));
    const left = await one.claim(2);
    expect(left.map((lease) => lease.server)).toEqual([A, A]);
    const taken = await two.claim(2, NOW + LEASE_MS);
    expect(taken.map(({ server: name, attempts }) => [name, attempts])).toEqual([
      [B, 1],
      [B, 1],
    ]);
    for (const lease of left) expect(await one.end(lease)).toBe('gone');
  });

  it('B5 a probe that left with its gateway is made anew by one that knows the server', async () => {
    const { one, two } = await open([[A, B], [B]]);
    await one.add(...objects(3));
    await two.end(await two.one(), { call: UNREACHABLE });
    expect((await two.one(NOW + 600)).server).toBe(B);
    // Another one ends the lease, and it is not the server's fault.
    expect((await one.claim(2, NOW + 600 + LEASE_MS)).map((lease) => lease.server)).toContain(B);
  });

  it('B6 a lease whose work was lost gives its place back', async () => {
    const { one, keys } = await open([[A], [A]]);
    await one.add(...objects(2));
    expect(await one.claim(2)).toHaveLength(CEILING);
    const [, slots = ''] = keys.pool();
    await connections.commands.use((client) => client.del(slots));
    await one.claim(0, NOW + LEASE_MS);
    await one.add(...objects(2));
    expect(await one.claim(2, NOW + LEASE_MS)).toHaveLength(CEILING);
  });
});
