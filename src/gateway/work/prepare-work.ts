import type { QueueCall } from '../../core/fair-queue.ts';
import type { Problem } from '../../core/problem.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { Preparation } from '../../ports/image-registry.ts';
import type { Lease, PrepareToken } from '../../ports/work-queue.ts';
import { asFeatureError, callFeatureServer, problemOf, resultOf, retryAt } from './call.ts';
import { contentKey } from './content.ts';
import { LeaseClock } from './lease-clock.ts';
import type { WorkContext } from './work-context.ts';

/**
 * A claimed preparation: has the embedding made and tells every session that holds the image (A11); or
 * has it made by one server more, of which nobody needs to be told.
 */
export async function prepareWork(
  context: WorkContext,
  lease: Lease,
  token: PrepareToken,
  claimedAt: number,
): Promise<void> {
  const { engine, clock } = context;
  const known = await engine.images.find(contentKey(token.tenant, token.image));
  if (!isWanted(known, lease, token)) {
    await engine.queue.release(lease, { dirty: false, now: clock.now() });
    return;
  }
  const result = await prepare(context, lease, token, claimedAt);
  const { call, retryAt: at } = result;
  if (at !== undefined) {
    const how = { dirty: true, retryAt: at, call, now: clock.now() };
    // `kept`: the budget does not allow it.
    if ((await engine.queue.release(lease, how)) !== 'kept') return;
  }
  if (token.server === undefined) await settle(context, token, preparationOf(result, lease));
  else await settleAt(context, token, result, lease);
  // Last, because it lets the clicks on the image go.
  await engine.queue.release(lease, { dirty: false, call, now: clock.now() });
}

/** Not when nobody holds it any more, or somebody else has settled it. */
function isWanted(known: Preparation | undefined, lease: Lease, { server }: PrepareToken): boolean {
  if (server === undefined) return known?.state === 'preparing';
  // The server has left: who waits for it goes to another one.
  if (lease.server !== server || known?.state !== 'ready') return false;
  const present = known.embeddings?.[server];
  return present === undefined || 'failed' in present;
}

interface Prepared {
  /** Absent when none is needed. */
  readonly embeddingId?: string | undefined;
  readonly problem?: Problem | undefined;
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
  const { random, settings, clock, servers } = context;
  const { server } = lease;
  if (token.image.embedding !== undefined && token.server === undefined) return {};
  const time = new LeaseClock(context, lease, claimedAt);
  const features = servers.get(server);
  let made: QueueCall | undefined;
  try {
    if (!(await servers.info(server)).encode) return {};
    const deadlineMs = await time.left(settings.encodeTimeoutMs);
    const { embeddingId } = await callFeatureServer(
      context,
      { kind: 'encode', server },
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
    return { embeddingId, call: made };
  } catch (cause) {
    if (!(cause instanceof FeatureServerError)) throw cause;
    const error = asFeatureError(cause, servers.several);
    const at = retryAt(error, lease.attempts, clock.now(), random.uniform());
    const call = made ?? { kind: 'encode', result: resultOf(error) };
    return { problem: problemOf(error), call: servers.several ? call : made, retryAt: at };
  }
}

const fenceOf = ({ fence }: Lease) => String(fence);

function preparationOf({ embeddingId, problem }: Prepared, lease: Lease): Preparation {
  if (problem !== undefined) return { state: 'failed', problem };
  if (embeddingId === undefined) return { state: 'ready' };
  const embedding = { fence: fenceOf(lease), id: embeddingId };
  return { state: 'ready', embeddings: { [lease.server]: embedding } };
}

async function settleAt(
  { engine, contents }: WorkContext,
  token: PrepareToken,
  result: Prepared,
  lease: Lease,
): Promise<void> {
  const key = contentKey(token.tenant, token.image);
  const { problem } = result;
  const failed = problem && { code: problem.code, detail: problem.detail ?? problem.title };
  const preparation: Preparation =
    failed === undefined
      ? preparationOf(result, lease)
      : { state: 'ready', embeddings: { [lease.server]: { fence: fenceOf(lease), failed } } };
  await engine.images.settle(key, preparation);
  contents.forget(key);
}

async function settle(context: WorkContext, token: PrepareToken, result: Preparation) {
  const { engine, clock } = context;
  const problem: Problem | undefined = result.state === 'failed' ? result.problem : undefined;
  const holders = await engine.images.settle(contentKey(token.tenant, token.image), result);
  for (const session of holders) {
    await engine.sessions.settleImage(session, token.image.imageId, problem, clock.now());
  }
}
