import type { ObjectId, SessionId } from '../../core/ids.ts';
import type { Engine } from '../../ports/engine.ts';
import type { ImageFacts, SessionFacts } from '../../ports/session-store.ts';
import type { Clock } from '../../ports/system.ts';
import type { QueuePlace, SegmentToken } from '../../ports/work-queue.ts';
import type { ImageBody, QueueState } from '../../protocol/bodies.ts';
import { prepareToken, segmentToken } from './content.ts';
import type { Estimator } from './estimator.ts';
import { joinImage } from './join-image.ts';

/** An image with its state in the session. */
export type SessionImage = ImageFacts & { readonly body: ImageBody };

/** An object that needs no call. */
export const NOTHING_TO_DO: QueueState = { state: 'done', position: 0, etaMs: 0 };

/** The way into the queue: enqueues dirty objects and says when they will be served. */
export class WorkEntry {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #estimator: Estimator;
  readonly #maxWaitMs: number;

  constructor(engine: Engine, clock: Clock, estimator: Estimator, maxWaitMs: number) {
    this.#engine = engine;
    this.#clock = clock;
    this.#estimator = estimator;
    this.#maxWaitMs = maxWaitMs;
  }

  /** Enqueues the object, and before it the preparation of its image if that is not there (A11). */
  async enqueue(
    session: SessionFacts,
    objectId: ObjectId,
    image: SessionImage,
  ): Promise<QueueState> {
    const { sessions, queue } = this.#engine;
    const now = this.#clock.now();
    const preparation = await joinImage(this.#engine, session, image, true);
    if (preparation === undefined) return NOTHING_TO_DO;
    if (preparation.state !== 'ready') await queue.enqueue(prepareToken(session, image), now);
    else if (image.body.status !== 'ready') {
      // Another session of the tenant had it prepared anew; this one has not been told.
      await sessions.settleImage(session.sessionId, image.imageId, undefined, now);
    }
    const place = await queue.enqueue(segmentToken(session, objectId, image), now);
    return await this.#state(place);
  }

  /** Where an object stands; `undefined` when it does not wait. */
  async place(sessionId: SessionId, objectId: ObjectId): Promise<QueueState | undefined> {
    const place = await this.#engine.queue.place({ kind: 'segment', sessionId, objectId });
    return place && (await this.#state(place));
  }

  /** How long a new token would wait, when that is longer than anybody should (A14). */
  async overload(token: SegmentToken): Promise<{ readonly etaMs: number } | undefined> {
    const { queue } = this.#engine;
    const { leased, limit } = await queue.load();
    const ahead = leased + (await queue.preview(token));
    const waitMs = this.#estimator.waitMs(ahead, limit);
    return waitMs > this.#maxWaitMs ? { etaMs: this.#estimator.etaMs(ahead, limit) } : undefined;
  }

  async #state({ state, position }: QueuePlace): Promise<QueueState> {
    const { leased, limit } = await this.#engine.queue.load();
    const ahead = state === 'running' ? 0 : leased + position;
    return { state, position, etaMs: this.#estimator.etaMs(ahead, limit) };
  }
}
