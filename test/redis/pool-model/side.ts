/** One of the two pools that are compared. */
import type { ServerId } from '../../../src/core/ids.ts';
import { objectId, serverId, sessionId } from '../../../src/core/ids.ts';
import type { Clock } from '../../../src/ports/system.ts';
import type {
  Claimed,
  Lease,
  PrepareToken,
  Token,
  WorkQueue,
} from '../../../src/ports/work-queue.ts';
import { imageFacts, NOW, TENANT } from '../../contract/support.ts';
import type { Command } from './commands.ts';

export class VirtualClock implements Clock {
  time = NOW;
  now = () => this.time;
  after = () => ({ cancel: () => undefined });
}

const owner = (n: number) => sessionId(`ses_${n}`);

export const SERVERS = ['a', 'b', 'c'].map(serverId);

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
export interface Fleet {
  readonly servers: readonly ServerId[];
  readonly most?: number | undefined;
  /** Those that each gateway knows; all of them when absent. */
  readonly lists?: readonly (readonly ServerId[])[] | undefined;
}

export const ONE: Fleet = { servers: [serverId('only')] };

/** One side of the comparison: carries out commands and tells what they answered. */
export class Side {
  readonly #queue: WorkQueue;
  readonly #clock: VirtualClock;
  readonly #leases: Lease[] = [];
  readonly #claims: string[] = [];
  /** One of each. */
  readonly #tokens = new Map<string, Token>();
  readonly #fleet: Fleet;

  constructor(queue: WorkQueue, clock: VirtualClock, fleet: Fleet) {
    this.#queue = queue;
    this.#clock = clock;
    this.#fleet = fleet;
    queue.useServers(fleet.servers, fleet.most);
  }

  async answer(command: Command): Promise<unknown> {
    const now = this.#clock.now();
    const { servers, most, lists = [servers] } = this.#fleet;
    this.#queue.useServers(lists[(command.by ?? 0) % lists.length] ?? servers, most);
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
    const { servers, most } = this.#fleet;
    this.#queue.useServers(servers, most);
    for (const server of servers.keys()) await this.#setCeiling(100, 100, server);
    for (;;) {
      const { leases } = await this.#claim('drain', 1, 3);
      if (leases.length === 0) return;
      for (const each of leases) {
        await this.#queue.release(each, { dirty: false, now: this.#clock.now() });
      }
    }
  }

  #setCeiling(ceiling: number, atLeast: number, server = 0): Promise<void> {
    const { servers } = this.#fleet;
    return this.#queue.setCeiling(ceiling, atLeast, servers[server % servers.length]);
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
