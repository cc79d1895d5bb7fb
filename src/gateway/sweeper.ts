import type { SessionId } from '../core/ids.ts';
import type { Engine } from '../ports/engine.ts';
import type { SessionFacts } from '../ports/session-store.ts';
import type { Clock } from '../ports/system.ts';
import { eachInTurn } from './each-in-turn.ts';
import { contentKey, prepareToken, segmentToken } from './work/content.ts';
import { joinImage } from './work/join-image.ts';

/** Sessions that are remembered for the next pass; more are found again when they are next touched. */
const MAX_WATCHED = 10_000;

/**
 * L7: enqueues what waits for work although nobody may have a token for it: a gateway died between
 * writing a click to the log and enqueueing it, or a failover lost the token.
 */
export class Sweeper {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #watched = new Map<SessionId, SessionFacts>();

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** The session was touched; it is looked at in the next pass. */
  watch(facts: SessionFacts): void {
    if (this.#watched.size < MAX_WATCHED) this.#watched.set(facts.sessionId, facts);
  }

  /** One pass. Sessions that were found clean are dropped until they are touched again. */
  async sweep(): Promise<void> {
    await eachInTurn(this.#watched.values(), async (facts) => {
      if (await this.#sweepSession(facts)) this.#watched.delete(facts.sessionId);
    });
  }

  async #sweepSession(facts: SessionFacts): Promise<boolean> {
    const { sessions, queue, images } = this.#engine;
    const dirty = await sessions.dirty(facts.sessionId);
    const now = this.#clock.now();
    for (const image of dirty.images) {
      const preparation = await images.find(contentKey(facts.tenant, image));
      if (preparation === undefined || preparation.state === 'preparing') {
        const joined = await joinImage(this.#engine, facts, image, false);
        if (joined !== undefined) await queue.enqueue(prepareToken(facts, image), now);
      } else {
        const problem = preparation.state === 'failed' ? preparation.problem : undefined;
        await sessions.settleImage(facts.sessionId, image.imageId, problem, now);
      }
    }
    for (const { objectId, image } of dirty.objects) {
      await queue.enqueue(segmentToken(facts, objectId, image), now);
    }
    return dirty.objects.length === 0 && dirty.images.length === 0;
  }
}
