/** How far the servers of a topology are with each other. */
import type { RedisServer } from './redis-server.ts';

/** Within so long servers have agreed on whatever it is. */
export const SETTLE_MS = 25_000;

/** Rejects while the replica does not copy. */
export async function isInStep(replica: RedisServer): Promise<void> {
  const info = String(await replica.command(['INFO', 'replication']));
  if (!info.includes('master_link_status:up')) throw new Error('the replica does not copy yet');
}

/** Rejects while one of them has what another has not. */
export async function haveSameOffset(servers: readonly RedisServer[]): Promise<void> {
  const offsets = await Promise.all(
    servers.map(async (server) => {
      const info = String(await server.command(['INFO', 'replication']));
      return /^master_repl_offset:(\d+)/m.exec(info)?.[1];
    }),
  );
  if (new Set(offsets).size > 1) throw new Error(`offsets ${offsets.join()}`);
}
