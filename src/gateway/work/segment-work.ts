import type { Lease, SegmentToken } from '../../ports/work-queue.ts';
import { CallGivenUp } from './call.ts';
import { LeaseClock } from './lease-clock.ts';
import { SegmentEnd } from './segment-end.ts';
import { SegmentRun } from './segment-run.ts';
import { watchWithdrawal } from './withdrawal.ts';
import type { WorkContext } from './work-context.ts';

/** A claimed object: asks the feature server for its mask and publishes what comes of it (L3, L4). */
export async function segmentWork(
  context: WorkContext,
  lease: Lease,
  token: SegmentToken,
  claimedAt: number,
): Promise<void> {
  const { sessions, queue } = context.engine;
  const now = context.clock.now();
  const begun = await sessions.begin(token.sessionId, token.objectId, lease.fence);
  if (begun.state !== 'work') {
    await queue.release(lease, { dirty: false, now });
    return;
  }
  const { work } = begun;
  const end = new SegmentEnd(context, lease, token, work);
  if (lease.overdue) return await end.overdue();
  const time = new LeaseClock(context, lease, claimedAt);
  if (!context.servers.isCancellable(lease.server)) {
    const run = new SegmentRun(context, lease, token, work, time);
    return await end.with(await run.outcome(), run.call);
  }
  using withdrawal = await watchWithdrawal(context.engine.log, token, work);
  const giveUp = AbortSignal.any([context.giveUp, withdrawal.signal]);
  const run = new SegmentRun({ ...context, giveUp }, lease, token, work, time);
  try {
    await end.with(await run.outcome(), run.call);
  } catch (error) {
    if (!(error instanceof CallGivenUp) || context.giveUp.aborted) throw error;
    // Whatever is to be done for the object now, whoever claims it next finds out.
    await end.with({ kind: 'again' }, undefined);
  }
}
