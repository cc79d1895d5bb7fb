import type { QueueCall, ReleaseReply } from '../../core/fair-queue.ts';
import type { Problem } from '../../core/problem.ts';
import { problemBody } from '../../core/problem.ts';
import type { CallOptions, SegmentAnswer } from '../../ports/feature-server.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { Preparation } from '../../ports/image-registry.ts';
import type { Outcome, Work } from '../../ports/session-store.ts';
import type { Lease, Release, SegmentToken } from '../../ports/work-queue.ts';
import { passingFrame } from '../stream/frames.ts';
import { CallGivenUp, callFeatureServer, problemOf, retryAt } from './call.ts';
import { contentKey, prepareToken } from './content.ts';
import { joinImage } from './join-image.ts';
import { LeaseClock } from './lease-clock.ts';
import { watchWithdrawal } from './withdrawal.ts';
import type { WorkContext } from './work-context.ts';

/** What clocks of gateways may differ by before one takes a click for newer than it is. */
const CLOCK_DIFFERENCE_MS = 500;

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
  if (!context.server.cancellable) {
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

type Ended =
  | Outcome
  /** At once. */
  | { readonly kind: 'again' }
  /** Once more, or else the problem. */
  | { readonly kind: 'retry'; readonly at: number; readonly problem: Problem };

/** How a claimed object is given back: in the session first, then in the pool. */
class SegmentEnd {
  readonly #context: WorkContext;
  readonly #lease: Lease;
  readonly #token: SegmentToken;
  readonly #work: Work;

  constructor(context: WorkContext, lease: Lease, token: SegmentToken, work: Work) {
    this.#context = context;
    this.#lease = lease;
    this.#token = token;
    this.#work = work;
  }

  async with(ended: Ended, call: QueueCall | undefined): Promise<void> {
    switch (ended.kind) {
      case 'again':
        await this.#release({ dirty: true, call });
        return;
      case 'retry': {
        const reply = await this.#release({ dirty: true, retryAt: ended.at, call });
        // The budget is spent, or there is no time left.
        if (reply === 'kept') await this.with({ kind: 'problem', problem: ended.problem }, call);
        return;
      }
      default:
        await this.#complete(ended, call);
    }
  }

  /** Ends the clicks that waited in vain; a newer one that nobody has enqueued yet waits on. */
  async overdue(): Promise<void> {
    const { settings, clock } = this.#context;
    const now = clock.now();
    const newest = this.#work.changedAt + settings.deadlineMs;
    if (newest > (this.#lease.deadlineAt ?? now) + CLOCK_DIFFERENCE_MS) {
      const deadlineAt = Math.min(newest, now + settings.deadlineMs);
      await this.#release({ dirty: true, deadlineAt });
      return;
    }
    await this.#complete({ kind: 'problem', problem: overdueProblem() }, undefined);
  }

  async #complete(outcome: Outcome, call: QueueCall | undefined): Promise<void> {
    const { engine, clock, metrics, promises } = this.#context;
    const { sessionId, objectId } = this.#token;
    const { revision, changedAt } = this.#work;
    const { fence } = this.#lease;
    const command = { objectId, revision, fence, outcome, now: clock.now() };
    const { accepted, dirty } = await engine.sessions.complete(sessionId, command);
    if (accepted && outcome.kind === 'answer') promises.meet(sessionId, objectId);
    if (accepted) {
      const how = outcome.kind === 'answer' ? 'completed' : 'failed';
      metrics.segmentEnded(how, clock.now() - changedAt);
    }
    await this.#release({ dirty, call });
  }

  #release(how: Omit<Release, 'now'>): Promise<ReleaseReply> {
    return this.#context.engine.queue.release(this.#lease, {
      ...how,
      now: this.#context.clock.now(),
    });
  }
}

/** One attempt, and what it takes to make it: the embedding, healed once when the server lost it. */
class SegmentRun {
  readonly #context: WorkContext;
  readonly #lease: Lease;
  readonly #token: SegmentToken;
  readonly #work: Work;
  readonly #time: LeaseClock;
  /** The last one that was made, by which the server is judged. */
  call: QueueCall | undefined;

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
      const entry = { now: clock.now(), cost: this.#context.turnCost(tenant) };
      if (joined !== undefined) await engine.queue.enqueue(prepareToken(payer, image), entry);
      return { kind: 'again' };
    }
    if (this.#time.isOverdue) return { kind: 'problem', problem: overdueProblem() };
    try {
      return await this.#ask(preparation.embeddingId);
    } catch (error) {
      if (!(error instanceof FeatureServerError)) throw error;
      const at = retryAt(error, this.#lease.attempts, clock.now(), random.uniform());
      const problem = problemOf(error);
      return at === undefined ? { kind: 'problem', problem } : { kind: 'retry', at, problem };
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
      this.#note,
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
    return await callFeatureServer(
      this.#context,
      'segment',
      deadlineMs,
      (signal) =>
        this.#context.features.segment(
          { tenant, image, embeddingId, prompt },
          this.#options(deadlineMs, signal),
        ),
      this.#note,
    );
  }

  readonly #note = (call: QueueCall): void => {
    this.call = call;
  };

  #options(deadlineMs: number, signal: AbortSignal): CallOptions {
    const { traceparent } = this.#work;
    return { requestId: this.#context.random.token(12), deadlineMs, signal, traceparent };
  }
}

function overdueProblem(): Problem {
  return problemBody('deadline_exceeded', 'Its turn did not come before its deadline.');
}
