import type { ObjectId, SessionId } from '../../core/ids.ts';
import type { Engine } from '../../ports/engine.ts';
import type { SessionImage } from '../../ports/session-store.ts';
import type { Clock } from '../../ports/system.ts';
import type { QueueLoad, QueuePlace, SegmentToken } from '../../ports/work-queue.ts';
import type { QueueState } from '../../protocol/bodies.ts';
import type { Payer } from './content.ts';
import { contentKey, prepareToken, segmentToken } from './content.ts';
import type { Estimator } from './estimator.ts';
import { joinImage } from './join-image.ts';
import type { ReadyContents } from './ready-contents.ts';

/** How long the load of the pool, as it was told last, is good for a guess. */
const LOAD_KNOWN_MS = 500;

/** An object that needs no call. */
export const NOTHING_TO_DO: QueueState = { state: 'done', position: 0, etaMs: 0 };

export interface WorkEntryPorts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly estimator: Estimator;
  readonly contents: ReadyContents;
}

/** The way into the queue: enqueues dirty objects and says when they will be served. */
export class WorkEntry {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #estimator: Estimator;
  readonly #contents: ReadyContents;
  readonly #maxWaitMs: number;
  /** What the pool held when it was last asked. */
  #seen: { readonly load: QueueLoad; readonly at: number } | undefined;

  constructor({ engine, clock, estimator, contents }: WorkEntryPorts, maxWaitMs: number) {
    this.#engine = engine;
    this.#clock = clock;
    this.#estimator = estimator;
    this.#contents = contents;
    this.#maxWaitMs = maxWaitMs;
  }

  /** Enqueues the object, and before it the preparation of its image if that is not there (A11). */
  async enqueue(session: Payer, objectId: ObjectId, image: SessionImage): Promise<QueueState> {
    const ready = image.status === 'ready' && this.#isReady(session, image);
    if (!(ready || (await this.#prepare(session, image)))) return NOTHING_TO_DO;
    const token = segmentToken(session, objectId, image.facts);
    const { load, ...place } = await this.#engine.queue.enqueue(token, this.#clock.now());
    return this.#state(place, this.#learn(load));
  }

  /** Where an object stands; `undefined` when it does not wait. */
  async place(sessionId: SessionId, objectId: ObjectId): Promise<QueueState | undefined> {
    const { queue } = this.#engine;
    const place = await queue.place({ kind: 'segment', sessionId, objectId });
    return place && this.#state(place, this.#learn(await queue.load()));
  }

  /** How long a new token would wait, when that is longer than anybody should (A14). */
  async overload(token: SegmentToken): Promise<{ readonly etaMs: number } | undefined> {
    if (this.#isFarFromOverload()) return undefined;
    const { position, load } = await this.#engine.queue.preview(token);
    const { leased, limit } = this.#learn(load);
    const ahead = leased + position;
    const waitMs = this.#estimator.waitMs(ahead, limit);
    return waitMs > this.#maxWaitMs ? { etaMs: this.#estimator.etaMs(ahead, limit) } : undefined;
  }

  /** Holds the content, has it prepared if need be; false when the session has given it up. */
  async #prepare(session: Payer, { facts, status }: SessionImage): Promise<boolean> {
    const { sessions, queue } = this.#engine;
    const preparation = await joinImage(this.#engine, session, facts, true);
    this.#contents.learn(contentKey(session.tenant, facts), preparation);
    if (preparation === undefined) return false;
    const now = this.#clock.now();
    if (preparation.state !== 'ready') await queue.enqueue(prepareToken(session, facts), now);
    else if (status !== 'ready') {
      // Another session of the tenant had it prepared anew; this one has not been told.
      await sessions.settleImage(session.sessionId, facts.imageId, undefined, now);
    }
    return true;
  }

  /** A session to which the image is ready holds its content. */
  #isReady({ tenant }: Payer, { facts }: SessionImage): boolean {
    return this.#contents.find(contentKey(tenant, facts)) !== undefined;
  }

  /** Even a token that came last would wait for no more than half of what anybody should. */
  #isFarFromOverload(): boolean {
    if (this.#seen === undefined || this.#clock.now() > this.#seen.at + LOAD_KNOWN_MS) return false;
    const { waiting, leased, limit } = this.#seen.load;
    return this.#estimator.waitMs(waiting + leased, limit) <= this.#maxWaitMs / 2;
  }

  #learn(load: QueueLoad): QueueLoad {
    this.#seen = { load, at: this.#clock.now() };
    return load;
  }

  #state({ state, position }: QueuePlace, { leased, limit }: QueueLoad): QueueState {
    const ahead = state === 'running' ? 0 : leased + position;
    return { state, position, etaMs: this.#estimator.etaMs(ahead, limit) };
  }
}
