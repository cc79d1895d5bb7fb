import type { Logger } from '../../ports/system.ts';
import type { RedisConnections } from './connections.ts';
import type { Durability } from './durability.ts';
import { isReply } from './failure.ts';
import type { RedisNode } from './redis-node.ts';
import type { RedisAddress } from './redis-url.ts';
import { nameOf } from './redis-url.ts';
import { isHopeless, RedisStartError, startFailure } from './start-failure.ts';

/** Scripts with `#!lua`, exact stream ids and sharded pub/sub need it. */
const OLDEST_MAJOR = 7;

type Facts = ReadonlyMap<string, string>;

export interface CheckOptions {
  readonly durability: Durability;
  /** One that will be rung; a user may have all commands and keys, and no channel. */
  readonly channel: string;
  readonly log: Logger;
  /** How long servers that start meanwhile may take. */
  readonly withinMs: number;
}

/**
 * Waits until every primary can be used, and no longer than that may help; then looks whether they
 * work, and warns of what loses what they should keep.
 * @throws {@link RedisStartError}
 */
export async function checkServers(
  { commands, topology }: Pick<RedisConnections, 'commands' | 'topology'>,
  address: RedisAddress,
  { durability, channel, log, withinMs }: CheckOptions,
): Promise<void> {
  const failed = (error: unknown) => {
    const { node, error: known } = commands.lastFailure ?? { node: address.nodes[0], error };
    const isPrimary = topology.primaries.some(({ name }) => name === node.name);
    return startFailure(address, { node, isPrimary, error: known });
  };
  try {
    await commands.ready(withinMs, isHopeless);
  } catch (error) {
    throw failed(error);
  }
  const servers = await commands
    .useAll(async (client, node) => {
      // ioredis goes on in database 0 when there is no such database.
      if (address.db !== 0) await client.select(address.db);
      const info = facts(await client.info());
      // A channel has no key of its name: nothing is changed.
      const allowed: Promise<unknown>[] = [client.spublish(channel, ''), client.persist(channel)];
      await Promise.all(allowed.map((reply) => reply.catch(rethrowRefusal)));
      return {
        node,
        info,
        cluster: isInCluster(info) ? facts(String(await client.cluster('INFO'))) : undefined,
      };
    })
    .catch((error: unknown) => {
      throw failed(error);
    });
  for (const { node, info, cluster } of servers) {
    checkVersion(node, info);
    checkCluster(address, node, cluster);
  }
  for (const warning of new Set(servers.flatMap(({ info }) => warnings(info, durability)))) {
    log.warn(warning, { server: nameOf(address) });
  }
}

/** Of servers that do not hold the channel, other replies are in order. */
function rethrowRefusal(error: unknown): void {
  if (!isReply(error) || error.message.startsWith('NOPERM')) throw error;
}

function checkVersion(node: RedisNode, info: Facts): void {
  const version = info.get('redis_version') ?? '0';
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  throw new RedisStartError(
    `Redis at ${node.name} is version ${version}; Maskwire needs ${OLDEST_MAJOR}.0 or newer.`,
  );
}

function checkCluster(address: RedisAddress, node: RedisNode, cluster: Facts | undefined): void {
  const name = nameOf(address);
  if (address.kind !== 'cluster' && cluster !== undefined) {
    throw new RedisStartError(
      `Redis at ${name} is a node of a cluster: set REDIS_URL=redis+cluster://${node.name}`,
    );
  }
  if (cluster === undefined || cluster.get('cluster_state') === 'ok') return;
  const slots = cluster.get('cluster_slots_ok');
  throw new RedisStartError(
    `Redis Cluster at ${name} does not work, ${slots} of 16384 slots are served: see redis-cli --cluster check ${node.name}`,
  );
}

function warnings(info: Facts, durability: Durability): string[] {
  const found: string[] = [];
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    found.push(
      `Redis may DROP SESSIONS AND IMAGES when its memory is full (maxmemory-policy ${policy}): set maxmemory-policy noeviction`,
    );
  }
  if (info.get('aof_enabled') === '0') {
    found.push(
      'Redis keeps no log on disk: when it crashes, what came since its last snapshot is lost; set appendonly yes',
    );
  }
  if (durability === 'replicated' && info.get('connected_slaves') === '0') {
    found.push(
      'Redis has no replica, so that EVERY CHANGE WILL BE REFUSED until one is connected: start one, or set MASKWIRE_DURABILITY=memory',
    );
  }
  return found;
}

const isInCluster = (info: Facts) => info.get('cluster_enabled') === '1';

function facts(info: string): Facts {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
