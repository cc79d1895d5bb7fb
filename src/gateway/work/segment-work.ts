import type { QueueCall, ReleaseReply } from '../../core/fair-queue.ts';
import type { ServerId } from '../../core/ids.ts';
import type { Problem } from '../../core/problem.ts';
import { problemBody } from '../../core/problem.ts';
import type { CallOptions, SegmentAnswer } from '../../ports/feature-server.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { Embedding, Preparation } from '../../ports/image-registry.ts';
import type { Outcome, Work } from '../../ports/session-store.ts';
import type { Lease, Release, SegmentToken } from '../../ports/work-queue.ts';
import { passingFrame } from '../stream/frames.ts';
import {
  asFeatureError,
  CallGivenUp,
  callFeatureServer,
  problemOf,
  resultOf,
  retryAt,
} from './call.ts';
import { contentKey, prepareToken, segmentToken } from './content.ts';
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

type Ended =
  | Outcome
  /** At once. */
  | { readonly kind: 'again' }
  /** As soon as the server has the embedding. */
  | { readonly kind: 'healing' }
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
      case 'healing':
        await this.#release({ dirty: true, healing: true, call });
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

/** One attempt, and what it takes to make it: the embedding, made anew once when the server lost it. */
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
      if (joined !== undefined) await this.#waitFor(undefined);
      return { kind: 'again' };
    }
    if (this.#time.isOverdue) return { kind: 'problem', problem: overdueProblem() };
    try {
      return await this.#ask(preparation.embeddings?.[this.#lease.server]);
    } catch (cause) {
      if (!(cause instanceof FeatureServerError)) throw cause;
      const error = asFeatureError(cause, this.#context.servers.several);
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

  async #ask(known: Embedding | undefined): Promise<Ended> {
    const embedding = await this.#embedding(known);
    if (embedding === 'needed') return await this.#heal();
    if (embedding !== undefined && 'failed' in embedding) {
      const { code, detail } = embedding.failed;
      if (!this.#lease.healed) return await this.#heal();
      return { kind: 'problem', problem: problemBody(code, detail) };
    }
    const { engine, clock } = this.#context;
    const { prompt, revision, changedAt } = this.#work;
    const { sessionId, objectId } = this.#token;
    const startedAt = clock.now();
    const started = passingFrame('segment.started', { objectId, revision }, startedAt);
    engine.log.pass(sessionId, started);
    const given = await this.#segmentOrHeal(embedding);
    if (given === undefined) return await this.#heal();
    const endedAt = clock.now();
    const timings = {
      queuedMs: Math.max(0, startedAt - changedAt),
      serverMs: endedAt - startedAt,
      totalMs: Math.max(0, endedAt - changedAt),
    };
    return { kind: 'answer', answer: { ...given, timings }, prompt };
  }

  /** What is remembered here may be older than what another gateway has had made. */
  async #embedding(known: Embedding | undefined): Promise<Embedding | 'needed' | undefined> {
    const { engine, contents, servers } = this.#context;
    const { tenant, image } = this.#work;
    const { server } = this.#lease;
    if (known !== undefined && !('failed' in known)) return known;
    if (image.embedding !== undefined) return undefined;
    if (!(await this.#asked(servers.encodes(server)))) return undefined;
    const key = contentKey(tenant, image);
    const preparation = await engine.images.find(key);
    contents.learn(key, preparation);
    return embeddingAt(preparation, server) ?? 'needed';
  }

  /** That a server does not even say what it is counts like a call that it has not answered. */
  async #asked<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (cause) {
      const { several } = this.#context.servers;
      if (!several || this.call !== undefined) throw cause;
      const error = asFeatureError(cause, several);
      this.call = { kind: 'encode', result: resultOf(error) };
      throw error;
    }
  }

  /** Has the embedding made by this server, in a turn of its own and once for all who need it. */
  async #heal(): Promise<Ended> {
    await this.#waitFor(this.#lease.server);
    return { kind: 'healing' };
  }

  /** This object is not claimed again before that preparation has ended. */
  async #waitFor(server: ServerId | undefined): Promise<void> {
    const { engine, clock, turnCost } = this.#context;
    const { tenant, image } = this.#work;
    const { sessionId, objectId } = this.#token;
    const payer = { sessionId, tenant };
    const entry = { now: clock.now(), cost: turnCost(tenant) };
    // Whatever it waited for before.
    await engine.queue.enqueue(segmentToken(payer, objectId, image, server), entry);
    await engine.queue.enqueue(prepareToken(payer, image, server), entry);
  }

  /** `undefined` when the server has lost the embedding, which is to be made again (B5). */
  async #segmentOrHeal(embedding: MadeEmbedding | undefined): Promise<SegmentAnswer | undefined> {
    try {
      return await this.#segment(embedding?.id);
    } catch (error) {
      if (!(error instanceof FeatureServerError && error.kind === 'missing')) throw error;
      if (this.#lease.healed) throw error;
      if (!(await this.#context.servers.info(this.#lease.server)).encode) throw error;
    }
    const { engine, contents } = this.#context;
    const { tenant, image } = this.#work;
    const { server } = this.#lease;
    const key = contentKey(tenant, image);
    const left = await engine.images.lose(key, server, embedding?.fence ?? '');
    contents.learn(key, left);
    const other = embeddingAt(left, server);
    // Somebody was quicker.
    return other === undefined || 'failed' in other ? undefined : await this.#segment(other.id);
  }

  async #segment(embeddingId: string | undefined): Promise<SegmentAnswer> {
    const { tenant, image, prompt } = this.#work;
    const deadlineMs = await this.#time.left(this.#context.settings.callTimeoutMs);
    const { server } = this.#lease;
    return await callFeatureServer(
      this.#context,
      { kind: 'segment', server },
      deadlineMs,
      (signal) =>
        this.#context.servers
          .get(server)
          .segment({ tenant, image, embeddingId, prompt }, this.#options(deadlineMs, signal)),
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

type MadeEmbedding = Extract<Embedding, { readonly id: string }>;

function embeddingAt(preparation: Preparation | undefined, server: ServerId) {
  return preparation?.state === 'ready' ? preparation.embeddings?.[server] : undefined;
}

function overdueProblem(): Problem {
  return problemBody('deadline_exceeded', 'Its turn did not come before its deadline.');
}
