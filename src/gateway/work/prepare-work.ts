import type { QueueCall } from '../../core/fair-queue.ts';
import type { Problem } from '../../core/problem.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { Preparation } from '../../ports/image-registry.ts';
import type { Lease, PrepareToken } from '../../ports/work-queue.ts';
import { callFeatureServer, problemOf, retryAt } from './call.ts';
import { contentKey } from './content.ts';
import { LeaseClock } from './lease-clock.ts';
import type { WorkContext } from './work-context.ts';

/** A claimed preparation: has the embedding made and tells every session that holds the image (A11). */
export async function prepareWork(
  context: WorkContext,
  lease: Lease,
  token: PrepareToken,
  claimedAt: number,
): Promise<void> {
  const { engine, clock } = context;
  const key = contentKey(token.tenant, token.image);
  const known = await engine.images.find(key);
  // Nobody holds it any more, or somebody else has settled it.
  if (known?.state !== 'preparing') {
    await engine.queue.release(lease, { dirty: false, now: clock.now() });
    return;
  }
  const result = await prepare(context, lease, token, claimedAt);
  const { preparation, call, retryAt: at } = result;
  if (at !== undefined) {
    const how = { dirty: true, retryAt: at, call, now: clock.now() };
    // `kept`: the budget does not allow it.
    if ((await engine.queue.release(lease, how)) !== 'kept') return;
  }
  await settle(context, token, preparation);
  // Last, because it lets the clicks on the image go.
  await engine.queue.release(lease, { dirty: false, call, now: clock.now() });
}

interface Prepared {
  readonly preparation: Preparation;
  /** The call that was made. */
  readonly call?: QueueCall | undefined;
  /** It failed, and is worth repeating then. */
  readonly retryAt?: number | undefined;
}

async function prepare(
  context: WorkContext,
  lease: Lease,
  token: PrepareToken,
  claimedAt: number,
): Promise<Prepared> {
  const { features, random, settings, clock } = context;
  if (token.image.embedding !== undefined) return { preparation: { state: 'ready' } };
  const time = new LeaseClock(context, lease, claimedAt);
  let made: QueueCall | undefined;
  try {
    if (!(await features.info()).encode) return { preparation: { state: 'ready' } };
    const deadlineMs = await time.left(settings.encodeTimeoutMs);
    const { embeddingId } = await callFeatureServer(
      context,
      'encode',
      deadlineMs,
      (signal) =>
        features.encode(
          { tenant: token.tenant, image: token.image },
          { requestId: random.token(12), deadlineMs, signal },
        ),
      (call) => {
        made = call;
      },
    );
    return { preparation: { state: 'ready', embeddingId }, call: made };
  } catch (error) {
    if (!(error instanceof FeatureServerError)) throw error;
    const at = retryAt(error, lease.attempts, clock.now(), random.uniform());
    const preparation = { state: 'failed', problem: problemOf(error) } as const;
    return { preparation, call: made, retryAt: at };
  }
}

async function settle(context: WorkContext, token: PrepareToken, result: Preparation) {
  const { engine, clock } = context;
  const problem: Problem | undefined = result.state === 'failed' ? result.problem : undefined;
  const holders = await engine.images.settle(contentKey(token.tenant, token.image), result);
  for (const session of holders) {
    await engine.sessions.settleImage(session, token.image.imageId, problem, clock.now());
  }
}
