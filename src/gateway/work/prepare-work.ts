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
  if (result.state === 'again') {
    const { retryAt: at } = result;
    await engine.queue.release(lease, { dirty: true, retryAt: at, now: clock.now() });
    return;
  }
  await settle(context, token, result);
  // Last, because it lets the clicks on the image go.
  await engine.queue.release(lease, { dirty: false, now: clock.now() });
}

type Prepared = Preparation | { readonly state: 'again'; readonly retryAt: number };

async function prepare(
  context: WorkContext,
  lease: Lease,
  token: PrepareToken,
  claimedAt: number,
): Promise<Prepared> {
  const { features, random, settings, clock } = context;
  if (token.image.embedding !== undefined) return { state: 'ready' };
  const time = new LeaseClock(context, lease, claimedAt);
  try {
    if (!(await features.info()).encode) return { state: 'ready' };
    const deadlineMs = await time.left(settings.encodeTimeoutMs);
    const { embeddingId } = await callFeatureServer(context, 'encode', deadlineMs, (signal) =>
      features.encode(
        { tenant: token.tenant, image: token.image },
        { requestId: random.token(12), deadlineMs, signal },
      ),
    );
    return { state: 'ready', embeddingId };
  } catch (error) {
    if (!(error instanceof FeatureServerError)) throw error;
    const at = retryAt(error, lease.attempts, clock.now(), random.uniform());
    return at === undefined
      ? { state: 'failed', problem: problemOf(error) }
      : { state: 'again', retryAt: at };
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
