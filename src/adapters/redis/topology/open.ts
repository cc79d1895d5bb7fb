import type { Logger } from '../../../ports/system.ts';
import type { RedisAddress } from '../redis-url.ts';
import { ClusterTopology } from './cluster.ts';
import { SentinelTopology } from './sentinels.ts';
import type { Topology } from './topology.ts';

/** Begins to look where the primaries are. */
export function openTopology(address: RedisAddress, log: Logger): Topology {
  if (address.kind === 'cluster') return new ClusterTopology(address, log);
  if (address.kind === 'sentinel') return new SentinelTopology(address, log);
  const primaries = [address.nodes[0]];
  return {
    primaries,
    lastFailure: undefined,
    primaryOf: () => primaries[0],
    refresh: async () => undefined,
    moved: () => undefined,
    onChange: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
