/** A real cluster on free ports of 127.0.0.1. */

import { eventually } from '../support/eventually.ts';
import type { Certificate } from './redis-server.ts';
import { freePort, RedisServer, schemeOf } from './redis-server.ts';
import { haveSameOffset, SETTLE_MS } from './replication.ts';
import { mustFind } from './support.ts';

const SLOTS = 16_384;
/** After so long without a word a node counts as failed; a replica then takes over. */
const NODE_TIMEOUT_MS = 2_000;

interface ClusterSetup {
  readonly primaries?: number;
  readonly replicasEach?: number;
  /** Of all servers. */
  readonly args?: readonly string[];
  /** That `args` asks for. */
  readonly password?: string;
  readonly certificate?: Certificate;
}

/** Primaries that share the slots evenly, each with as many replicas. */
export class RedisCluster implements AsyncDisposable {
  readonly primaries: readonly RedisServer[];
  /** `replicas[n]` copies `primaries[n % primaries.length]`. */
  readonly replicas: readonly RedisServer[];

  readonly #scheme: string;

  private constructor(
    primaries: readonly RedisServer[],
    replicas: readonly RedisServer[],
    scheme: string,
  ) {
    this.primaries = primaries;
    this.replicas = replicas;
    this.#scheme = scheme;
  }

  /** Resolves when every node says that the cluster is ok and every replica copies. */
  static async start(setup: ClusterSetup = {}) {
    const { primaries = 3, replicasEach = 0, args = [], ...access } = setup;
    await using started = new AsyncDisposableStack();
    const nodes: { server: RedisServer; busPort: number }[] = [];
    for (let n = 0; n < primaries * (1 + replicasEach); n += 1) {
      const busPort = await freePort();
      const server = await RedisServer.start([...clusterArgs(busPort), ...args], access);
      nodes.push({ server: started.use(server), busPort });
    }
    const servers = nodes.map(({ server }) => server);
    const cluster = new RedisCluster(
      servers.slice(0, primaries),
      servers.slice(primaries),
      schemeOf(access),
    );
    await cluster.#assignSlots();
    for (const { server, busPort } of nodes.slice(1)) {
      await cluster.#first.command(['CLUSTER', 'MEET', '127.0.0.1', server.port, busPort]);
    }
    await cluster.#replicate();
    await cluster.settled();
    started.move();
    return cluster;
  }

  /** Of the primaries it was started with. */
  get url(): string {
    return `${this.#scheme}+cluster://${this.primaries.map(({ port }) => `127.0.0.1:${port}`).join()}`;
  }

  get servers(): readonly RedisServer[] {
    return [...this.primaries, ...this.replicas];
  }

  /** Who holds the key now, as `asked` sees it. */
  async ownerOf(key: string, asked = this.#first): Promise<RedisServer> {
    const slot = Number(await asked.command(['CLUSTER', 'KEYSLOT', key]));
    const ranges = (await asked.command(['CLUSTER', 'SLOTS'])) as SlotRange[];
    const [, , [, port]] = mustFind(ranges, ([from, to]) => from <= slot && slot <= to);
    return mustFind(this.servers, (server) => server.port === port);
  }

  /** Moves the key's slot with everything in it, as `redis-cli --cluster reshard` does. */
  async moveSlot(key: string, to: RedisServer): Promise<void> {
    const from = await this.ownerOf(key);
    const slot = await this.#beginMove(key, from, to);
    await migrate(slot, from, to);
    await this.#endMove(slot, from, to);
  }

  /** What happens when the keys of the slot are on their way from one server to another. */
  async whileMoving(key: string, action: () => Promise<void>): Promise<void> {
    const from = await this.ownerOf(key);
    const to = mustFind(this.primaries, (server) => server !== from);
    const slot = await this.#beginMove(key, from, to);
    await migrate(slot, from, to);
    await action();
    await migrate(slot, from, to);
    await this.#endMove(slot, from, to);
  }

  /** Resolves when all those that run agree that every slot is served, and replicas are in step. */
  async settled(servers = this.servers): Promise<void> {
    const check = async () => {
      for (const server of servers) {
        const info = String(await server.command(['CLUSTER', 'INFO']));
        if (!info.includes('cluster_state:ok')) throw new Error(`${server.port}: not ok`);
        if (!info.includes(`cluster_known_nodes:${this.servers.length}`)) {
          throw new Error(`${server.port}: does not know all`);
        }
        const replication = String(await server.command(['INFO', 'replication']));
        if (replication.includes('master_link_status:down')) {
          throw new Error(`${server.port}: does not copy yet`);
        }
      }
    };
    await eventually('the cluster', check, SETTLE_MS);
  }

  /** Resolves when the replicas of the primary have everything that it has. */
  async inStep(primary: RedisServer): Promise<void> {
    const at = this.primaries.indexOf(primary);
    const copies = this.replicas.filter((_, n) => n % this.primaries.length === at);
    await eventually('the copy', () => haveSameOffset([primary, ...copies]), SETTLE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }

  get #first(): RedisServer {
    return mustFind(this.primaries, () => true);
  }

  async #beginMove(key: string, from: RedisServer, to: RedisServer): Promise<number> {
    const slot = Number(await from.command(['CLUSTER', 'KEYSLOT', key]));
    await to.command(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from)]);
    await from.command(['CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to)]);
    return slot;
  }

  async #endMove(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
    const owner = await idOf(to);
    const others = this.primaries.filter((server) => server !== to && server !== from);
    for (const server of [to, from, ...others]) {
      await server.command(['CLUSTER', 'SETSLOT', slot, 'NODE', owner]);
    }
  }

  async #assignSlots(): Promise<void> {
    const count = this.primaries.length;
    for (const [n, server] of this.primaries.entries()) {
      const from = Math.ceil((n * SLOTS) / count);
      const to = Math.ceil(((n + 1) * SLOTS) / count) - 1;
      await server.command(['CLUSTER', 'SET-CONFIG-EPOCH', n + 1]);
      await server.command(['CLUSTER', 'ADDSLOTSRANGE', from, to]);
    }
  }

  async #replicate(): Promise<void> {
    for (const [n, replica] of this.replicas.entries()) {
      const id = await idOf(mustFind(this.primaries, (_, at) => at === n % this.primaries.length));
      // Possible only when they have heard of each other.
      const follow = () => replica.command(['CLUSTER', 'REPLICATE', id]);
      await eventually('the replica', follow, SETTLE_MS);
    }
  }
}

type SlotRange = [from: number, to: number, primary: [host: string, port: number]];

function clusterArgs(busPort: number): string[] {
  return [
    ...['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`],
    ...['--cluster-node-timeout', `${NODE_TIMEOUT_MS}`, '--cluster-replica-validity-factor', '0'],
    ...['--cluster-allow-replica-migration', 'no', '--repl-diskless-sync-delay', '0'],
  ];
}

async function migrate(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  for (;;) {
    const keys = (await from.command(['CLUSTER', 'GETKEYSINSLOT', slot, 100])) as string[];
    if (keys.length === 0) return;
    await from.command(['MIGRATE', '127.0.0.1', to.port, '', 0, SETTLE_MS, 'KEYS', ...keys]);
  }
}

async function idOf(server: RedisServer): Promise<string> {
  return String(await server.command(['CLUSTER', 'MYID']));
}
