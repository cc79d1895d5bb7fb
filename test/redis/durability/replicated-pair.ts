/** A primary with its replica and the link between them, and what a test asks them. */
import { Redis } from 'ioredis';
import { ReplicaConfirmations } from '../../../src/adapters/redis/confirmations.ts';
import { parseRedisUrl } from '../../../src/adapters/redis/redis-url.ts';
import { openTopology } from '../../../src/adapters/redis/topology/open.ts';
import { FaultProxy } from '../../chaos/fault-proxy.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { eventually } from '../../support/eventually.ts';
import { RedisServer } from '../redis-server.ts';
import { silent } from '../support.ts';

/** What a test may wait for an answer that has a bound: some times that bound. */
export const BOUND_MS = 5_000;
/** Of how much later a replica behind a slow link has what its primary has. */
export const LAG_MS = 30;

/** Replicas that come are served at once. */
export const PRIMARY = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];

export interface Pair extends AsyncDisposable {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** Between the two. */
  readonly link: FaultProxy;
}

export async function startPair(): Promise<Pair> {
  await using opened = new AsyncDisposableStack();
  const primary = opened.use(await RedisServer.start(PRIMARY));
  const link = opened.use(await FaultProxy.open(primary.port, new SeededRandom(1)));
  const of = ['--replicaof', '127.0.0.1', String(link.port)];
  const replica = opened.use(await RedisServer.start(of));
  const all = opened.move();
  return { primary, replica, link, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

export function confirmationsOf(server: RedisServer): ReplicaConfirmations {
  const address = parseRedisUrl(server.url);
  return new ReplicaConfirmations({
    ...{ address, log: silent },
    topology: openTopology(address, silent),
  });
}

/** A connection of the test's own. */
export function clientOf(server: RedisServer): Redis & AsyncDisposable {
  const client = new Redis(server.url, { maxRetriesPerRequest: null });
  return Object.assign(client, {
    [Symbol.asyncDispose]: async () => client.disconnect(),
  });
}

export async function replicationOf(client: Redis): Promise<ReadonlyMap<string, string>> {
  const lines = (await client.info('replication')).split('\r\n');
  return new Map(
    lines.map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1)]),
  );
}

/** The replication id of the primary, as soon as its replica confirms changes. */
export async function confirming(
  primary: Redis,
  confirmations: ReplicaConfirmations,
): Promise<string> {
  const confirm = async () => {
    const id = (await replicationOf(primary)).get('master_replid') ?? '';
    await confirmations.confirm('key', id);
    return id;
  };
  return await eventually('a confirmation', confirm);
}
