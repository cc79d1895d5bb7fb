import type { CallOptions, SegmentAnswer } from '../../ports/feature-server.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { Preparation } from '../../ports/image-registry.ts';
import type { Outcome, Work } from '../../ports/session-store.ts';
import type { Lease, SegmentToken } from '../../ports/work-queue.ts';
import { passingFrame } from '../stream/frames.ts';
import { callFeatureServer, problemOf, retryAt } from './call.ts';
import { contentKey, prepareToken } from './content.ts';
import { joinImage } from './join-image.ts';
import { LeaseClock } from './lease-clock.ts';
import type { WorkContext } from './work-context.ts';

/** A claimed object: asks the feature server for its mask and publishes what comes of it (L3, L4). */
export async function segmentWork(
  context: WorkContext,
  lease: Lease,
  token: SegmentToken,
  claimedAt: number,
): Promise<void> {
  const { sessions, queue } = context.engine;
  const now = () => context.clock.now();
  const begun = await sessions.begin(token.sessionId, token.objectId, lease.fence);
  if (begun.state !== 'work') {
    await queue.release(lease, { dirty: false, now: now() });
    return;
  }
  const { work } = begun;
  const run = new SegmentRun(
    context,
    lease,
    token,
    work,
    new LeaseClock(context, lease, claimedAt),
  );
  const ended = await run.outcome();
  if (ended.kind === 'again') {
    await queue.release(lease, { dirty: true, retryAt: ended.retryAt, now: now() });
    return;
  }
  const reply = await sessions.complete(token.sessionId, {
    objectId: token.objectId,
    revision: work.revision,
    fence: lease.fence,
    outcome: ended,
    now: now(),
  });
  if (reply.accepted) {
    const outcome = ended.kind === 'answer' ? 'completed' : 'failed';
    context.metrics.segmentEnded(outcome, now() - work.changedAt);
  }
  await queue.release(lease, { dirty: reply.dirty, now: now() });
}

type Ended = Outcome | { readonly kind: 'again'; readonly retryAt?: number | undefined };

/** One attempt, and what it takes to make it: the embedding, healed once when the server lost it. */
class SegmentRun {
  readonly #context: WorkContext;
  readonly #lease: Lease;
  readonly #token: SegmentToken;
  readonly #work: Work;
  readonly #time: LeaseClock;

  constructor(
    context: WorkContext,
    lease: Lease,
    token: SegmentToken,
    work: Work,
    time: LeaseClock,
  ) {
    this.#context = context;
    this.#lease = lease;
    this.#token = token;
    this.#work = work;
    this.#time = time;
  }

  async outcome(): Promise<Ended> {
    const { engine, clock, random } = this.#context;
    const { tenant, image } = this.#work;
    const preparation = await this.#preparation();
    if (preparation?.state === 'failed') return { kind: 'problem', problem: preparation.problem };
    if (preparation?.state !== 'ready') {
      // Its preparation was lost with a gateway or a failover; it comes first, and this waits for it.
      const payer = { sessionId: this.#token.sessionId, tenant };
      const joined = await joinImage(engine, payer, image, true);
      if (joined !== undefined) await engine.queue.enqueue(prepareToken(payer, image), clock.now());
      return { kind: 'again' };
    }
    try {
      return await this.#ask(preparation.embeddingId);
    } catch (error) {
      if (!(error instanceof FeatureServerError)) throw error;
      const at = retryAt(error, this.#lease.attempts, clock.now(), random.uniform());
      if (at !== undefined) return { kind: 'again', retryAt: at };
      return { kind: 'problem', problem: problemOf(error) };
    }
  }

  async #preparation(): Promise<Preparation | undefined> {
    const { engine, contents } = this.#context;
    const key = contentKey(this.#work.tenant, this.#work.image);
    const known = contents.find(key);
    if (known !== undefined) return known;
    const preparation = await engine.images.find(key);
    contents.learn(key, preparation);
    return preparation;
  }

  async #ask(embeddingId: string | undefined): Promise<Outcome> {
    const { engine, clock } = this.#context;
    const { prompt, revision, changedAt } = this.#work;
    const { sessionId, objectId } = this.#token;
    const startedAt = clock.now();
    const started = passingFrame('segment.started', { objectId, revision }, startedAt);
    engine.log.pass(sessionId, started);
    const given = await this.#segmentOrHeal(embeddingId);
    const endedAt = clock.now();
    this.#context.estimator.record(endedAt - startedAt);
    const timings = {
      queuedMs: Math.max(0, startedAt - changedAt),
      serverMs: endedAt - startedAt,
      totalMs: Math.max(0, endedAt - changedAt),
    };
    return { kind: 'answer', answer: { ...given, timings }, prompt };
  }

  async #segmentOrHeal(embeddingId: string | undefined): Promise<SegmentAnswer> {
    try {
      return await this.#segment(embeddingId);
    } catch (error) {
      if (!(error instanceof FeatureServerError && error.kind === 'missing')) throw error;
      if (!(await this.#context.features.info()).encode) throw error;
    }
    // The server forgot the image: the embedding is made again, in this call's place (B5).
    const { tenant, image } = this.#work;
    const deadlineMs = await this.#time.left(this.#context.settings.encodeTimeoutMs);
    const { embeddingId: renewed } = await callFeatureServer(
      this.#context,
      'encode',
      deadlineMs,
      (signal) =>
        this.#context.features.encode({ tenant, image }, this.#options(deadlineMs, signal)),
    );
    const key = contentKey(tenant, image);
    const ready = { state: 'ready', embeddingId: renewed } as const;
    this.#context.contents.learn(key, ready);
    await this.#context.engine.images.settle(key, ready);
    return await this.#segment(renewed);
  }

  async #segment(embeddingId: string | undefined): Promise<SegmentAnswer> {
    const { tenant, image, prompt } = this.#work;
    const deadlineMs = await this.#time.left(this.#context.settings.callTimeoutMs);
    return await callFeatureServer(this.#context, 'segment', deadlineMs, (signal) =>
      this.#context.features.segment(
        { tenant, image, embeddingId, prompt },
        this.#options(deadlineMs, signal),
      ),
    );
  }

  #options(deadlineMs: number, signal: AbortSignal): CallOptions {
    const { traceparent } = this.#work;
    return { requestId: this.#context.random.token(12), deadlineMs, signal, traceparent };
  }
}
