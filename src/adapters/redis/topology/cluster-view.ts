import type { Redis } from 'ioredis';
import { clientOptions } from '../client-options.ts';
import { before } from '../deadline.ts';
import { GatheringClient } from '../gathering-client.ts';
import type { RedisNode } from '../redis-node.ts';
import { redisNode } from '../redis-node.ts';
import type { RedisAddress } from '../redis-url.ts';
import { accessTo } from '../redis-url.ts';

/** From connecting to the answer; the next node is asked after that. */
const ANSWER_MS = 700;

/** How a cluster is, as one of its nodes sees it. */
export interface ClusterView {
  readonly ranges: readonly SlotRange[];
  /** Primaries and replicas. */
  readonly nodes: readonly RedisNode[];
  /** Rises with every change of primary that the node has heard of. */
  readonly epoch: number;
  /** False when slots are not served, or when the node is cut off from most primaries. */
  readonly isOk: boolean;
}

interface SlotRange {
  readonly from: number;
  readonly to: number;
  readonly primary: RedisNode;
}

/** Asks on a connection of its own, which is closed then. Rejects with what is wrong. */
export async function askForView(asked: RedisNode, address: RedisAddress): Promise<ClusterView> {
  const shown = { name: 'maskwire-topology', silenceMs: ANSWER_MS };
  const options = clientOptions({ node: asked, ...accessTo(address), ...shown });
  const never = () => null;
  const client = new GatheringClient({ ...options, lazyConnect: true, retryStrategy: never });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  client.on('error', reject);
  try {
    return await before(Promise.race([failed, view(client, asked)]), ANSWER_MS);
  } finally {
    failed.catch(never);
    client.disconnect();
  }
}

async function view(client: Redis, asked: RedisNode): Promise<ClusterView> {
  await client.connect();
  const [slots, info] = await Promise.all([client.cluster('SLOTS'), client.cluster('INFO')]);
  const found = slots.map(([from, to, ...nodes]) => {
    return { from, to, nodes: nodes.map(([host, port]) => redisNode(known(host, asked), port)) };
  });
  const ranges = found.flatMap(({ from, to, nodes: [primary] }) => {
    return primary === undefined ? [] : [{ from, to, primary }];
  });
  if (ranges.length === 0) throw new Error('CLUSTERDOWN No slot is assigned to any node');
  const fact = (name: string) => new RegExp(`^${name}:(\\w+)`, 'm').exec(String(info))?.[1];
  return {
    ranges,
    nodes: found.flatMap(({ nodes }) => nodes),
    epoch: Number(fact('cluster_current_epoch')),
    isOk: fact('cluster_state') === 'ok',
  };
}

/** A node that does not know under which name others reach it is where it was asked. */
function known(host: string | null, asked: RedisNode): string {
  return host === null || host === '' || host === '?' ? asked.host : host;
}
