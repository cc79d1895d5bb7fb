import type { QueueCall } from '../../core/fair-queue.ts';
import type { ServerId } from '../../core/ids.ts';
import { problemBody } from '../../core/problem.ts';
import type { CallOptions, SegmentAnswer } from '../../ports/feature-server.ts';
import { FeatureServerError } from '../../ports/feature-server.ts';
import type { Embedding, Preparation } from '../../ports/image-registry.ts';
import type { Work } from '../../ports/session-store.ts';
import type { Lease, SegmentToken } from '../../ports/work-queue.ts';
import { passingFrame } from '../stream/frames.ts';
import { asFeatureError, callFeatureServer, problemOf, resultOf, retryAt } from './call.ts';
import { contentKey, prepareToken, segmentToken } from './content.ts';
import { joinImage } from './join-image.ts';
import type { LeaseClock } from './lease-clock.ts';
import type { Ended } from './segment-end.ts';
import { overdueProblem } from './segment-end.ts';
import type { WorkContext } from './work-context.ts';

/** One attempt, and what it takes to make it: the embedding, made anew once when the server lost it. */
export class SegmentRun {
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
