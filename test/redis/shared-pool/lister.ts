/** A gateway that knows its own list of feature servers, and what it does to the pool. */
import { expect } from 'vitest';
import type { RedisConnections } from '../../../src/adapters/redis/connections.ts';
import { RedisKeys } from '../../../src/adapters/redis/keys.ts';
import { RedisWorkQueue } from '../../../src/adapters/redis/work-queue.ts';
import type { ServerId } from '../../../src/core/ids.ts';
import { objectId } from '../../../src/core/ids.ts';
import type { Lease, PrepareToken, Release, Token } from '../../../src/ports/work-queue.ts';
import { freshSessionId, imageFacts, NOW, TENANT } from '../../contract/support.ts';

/** Calls at once of each server. */
export const CEILING = 2;
export const LEASE_MS = 10_000;

export class Lister {
  readonly queue: RedisWorkQueue;
  readonly #list: readonly ServerId[];
  #claims = 0;

  private constructor(queue: RedisWorkQueue, list: readonly ServerId[]) {
    this.queue = queue;
    this.#list = list;
  }

  static async open(
    connections: RedisConnections,
    keys: RedisKeys,
    list: readonly ServerId[],
    most?: number,
  ): Promise<Lister> {
    const shared = { connections, keys, lifeMs: 600_000, time: 'caller' } as const;
    const queue = await RedisWorkQueue.open(shared);
    queue.useServers(list, most);
    for (const each of list) await queue.setCeiling(CEILING, CEILING, each);
    return new Lister(queue, list);
  }

  /** Whatever it is given is for a server that it knows. */
  async claim(most: number, now = NOW): Promise<readonly Lease[]> {
    this.#claims += 1;
    const claimId = `${this.#list.join()} ${this.#claims}`;
    const request = { gatewayId: 'gateway', claimId, most, leaseMs: LEASE_MS, now };
    const { leases } = await this.queue.claim(request);
    for (const lease of leases) expect(this.#list).toContain(lease.server);
    return leases;
  }

  /** One, which there is. */
  async one(now = NOW): Promise<Lease> {
    const [lease] = await this.claim(1, now);
    if (lease === undefined) throw new Error('nothing may start');
    return lease;
  }

  end(lease: Lease, how: Partial<Release> = {}) {
    return this.queue.release(lease, { dirty: false, now: NOW, ...how });
  }

  async add(...tokens: Token[]): Promise<void> {
    for (const token of tokens) await this.queue.enqueue(token, { now: NOW });
  }

  async standing(now = NOW) {
    const { waiting, leased } = await this.queue.load(now);
    return { waiting, leased };
  }
}

/** Two gateways on the same pool. */
export async function openTwo(
  connections: RedisConnections,
  prefix: string,
  [list, other]: Lists,
  most?: number,
) {
  const keys = new RedisKeys(prefix);
  const one = await Lister.open(connections, keys, list, most);
  const two = await Lister.open(connections, keys, other, most);
  return { one, two, keys };
}

export type Lists = readonly [readonly ServerId[], readonly ServerId[]];

export const preparation = (image: string, only?: ServerId): PrepareToken => ({
  kind: 'prepare',
  sessionId: freshSessionId(),
  tenant: TENANT,
  image: imageFacts(image),
  ...(only && { server: only }),
});

/** Objects of as many sessions and images. */
export const objects = (count: number): Token[] =>
  Array.from({ length: count }, (_, n) => ({
    kind: 'segment',
    sessionId: freshSessionId(),
    objectId: objectId('o'),
    after: preparation(`cat ${n}`),
  }));
