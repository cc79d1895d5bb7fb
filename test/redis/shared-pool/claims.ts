/** Short words for what a gateway does to the pool. */
import { objectId } from '../../../src/core/ids.ts';
import type { Engine } from '../../../src/ports/engine.ts';
import type { SegmentToken } from '../../../src/ports/work-queue.ts';
import { freshSessionId } from '../../contract/support.ts';

export const HOUR_MS = 3_600_000;
export const LEASE_MS = 10_000;

export const token = (name: string): SegmentToken => ({
  kind: 'segment',
  sessionId: freshSessionId(),
  objectId: objectId(name),
});

export async function claim({ queue }: Engine, claimId: string, leaseMs = LEASE_MS) {
  const now = Date.now();
  return (await queue.claim({ gatewayId: 'gateway', claimId, most: 1, leaseMs, now })).leases[0];
}

/** Claims nothing; when something is due, to a gateway whose clock is wrong by so much. */
export async function dueAt({ queue }: Engine, skewMs = 0) {
  const now = Date.now() + skewMs;
  const look = { gatewayId: 'gateway', claimId: 'look', most: 0, leaseMs: LEASE_MS, now };
  return (await queue.claim(look)).dueAt;
}

export async function mustClaim(engine: Engine, claimId: string) {
  const lease = await claim(engine, claimId);
  if (lease === undefined) throw new Error('nothing may start');
  return lease;
}
