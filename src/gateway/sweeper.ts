import type { SessionId } from '../core/ids.ts';
import type { Engine } from '../ports/engine.ts';
import type { Dirty, SessionFacts } from '../ports/session-store.ts';
import type { Clock } from '../ports/system.ts';
import { eachInTurn } from './each-in-turn.ts';
import { LOOK_EVERY_MS, WATCHED_MS } from './session-watch.ts';
import { contentKey, prepareToken, segmentToken } from './work/content.ts';
import { joinImage } from './work/join-image.ts';
import type { TurnCost } from './work/turn-cost.ts';

/** Sessions that are taken from the list at once; a gateway that dies leaves no more for later. */
const BATCH = 100;

/**
 * L7: enqueues what waits for work although nobody may have a token for it: a gateway died between
 * writing a click to the log and enqueueing it, or the pool lost the token. All gateways share the
 * list of sessions to look at, and after a loss of the pool all sessions are on it.
 */
export class Sweeper {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #turnCost: TurnCost;
  readonly #deadlineMs: number;
  /** Of the pool for which all sessions are on the list, as far as is known here. */
  #generation: string | undefined;

  constructor(engine: Engine, clock: Clock, turnCost: TurnCost, deadlineMs: number) {
    this.#engine = engine;
    this.#clock = clock;
    this.#turnCost = turnCost;
    this.#deadlineMs = deadlineMs;
  }

  /** One pass over the sessions whose turn has come. */
  async sweep(): Promise<void> {
    const { watch } = this.#engine;
    await this.#watchAllAfterLoss();
    for (;;) {
      const due = await watch.take(BATCH, LOOK_EVERY_MS, this.#clock.now());
      await eachInTurn(due, (session) => this.#sweepSession(session));
      if (due.length < BATCH) return;
    }
  }

  async #watchAllAfterLoss(): Promise<void> {
    const { watch, queue } = this.#engine;
    const generation = await queue.generation();
    if (generation === this.#generation) return;
    await watch.watchAll(generation, WATCHED_MS, this.#clock.now());
    this.#generation = generation;
  }

  async #sweepSession(session: SessionId): Promise<void> {
    const { sessions } = this.#engine;
    const dirty = await sessions.dirty(session);
    if (dirty.objects.length === 0 && dirty.images.length === 0) return;
    const facts = await sessions.find(session);
    if (facts !== undefined) await this.#enqueue(facts, dirty);
  }

  async #enqueue(facts: SessionFacts, dirty: Dirty): Promise<void> {
    const { sessions, queue, images } = this.#engine;
    const now = this.#clock.now();
    const cost = this.#turnCost(facts.tenant);
    for (const image of dirty.images) {
      const preparation = await images.find(contentKey(facts.tenant, image));
      if (preparation === undefined || preparation.state === 'preparing') {
        const joined = await joinImage(this.#engine, facts, image, false);
        if (joined !== undefined) await queue.enqueue(prepareToken(facts, image), { now, cost });
      } else {
        const problem = preparation.state === 'failed' ? preparation.problem : undefined;
        await sessions.settleImage(facts.sessionId, image.imageId, problem, now);
      }
    }
    for (const { objectId, image } of dirty.objects) {
      const token = segmentToken(facts, objectId, image);
      // What waits keeps its deadline; what was lost is not to be blamed for the time until now.
      if ((await queue.place(token)) !== undefined) continue;
      await queue.enqueue(token, { now, deadlineAt: now + this.#deadlineMs, cost });
    }
  }
}
