import { waitMs } from '../../core/burst/server-control.ts';
import type { ObjectId, SessionId } from '../../core/ids.ts';
import type { Engine } from '../../ports/engine.ts';
import type { SessionImage } from '../../ports/session-store.ts';
import type { Clock } from '../../ports/system.ts';
import type { Entry, QueueLoad, QueuePlace, SegmentToken } from '../../ports/work-queue.ts';
import type { QueueState } from '../../protocol/bodies.ts';
import type { GatewaySettings } from '../settings.ts';
import type { Payer } from './content.ts';
import { contentKey, prepareToken, segmentToken } from './content.ts';
import { joinImage } from './join-image.ts';
import type { Promises } from './promises.ts';
import type { ReadyContents } from './ready-contents.ts';
import type { TurnCost } from './turn-cost.ts';

/** How long the load of the pool, as it was told last, is good for a guess. */
const LOAD_KNOWN_MS = 500;

/** An object that needs no call. */
export const NOTHING_TO_DO: QueueState = { state: 'done', position: 0, etaMs: 0 };

export interface WorkEntryPorts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly promises: Promises;
  readonly contents: ReadyContents;
  readonly turnCost: TurnCost;
}

/** The way into the queue: enqueues dirty objects and says when they will be served. */
export class WorkEntry {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #promises: Promises;
  readonly #contents: ReadyContents;
  readonly #turnCost: TurnCost;
  readonly #settings: Pick<GatewaySettings, 'maxWaitMs' | 'deadlineMs'>;
  /** What the pool held when it was last asked, and what was let in unasked since then. */
  #seen: { readonly load: QueueLoad; readonly at: number; unasked: number } | undefined;

  constructor(ports: WorkEntryPorts, settings: Pick<GatewaySettings, 'maxWaitMs' | 'deadlineMs'>) {
    this.#engine = ports.engine;
    this.#clock = ports.clock;
    this.#promises = ports.promises;
    this.#contents = ports.contents;
    this.#turnCost = ports.turnCost;
    this.#settings = settings;
  }

  /** Enqueues the object, and before it the preparation of its image if that is not there (A11). */
  async enqueue(session: Payer, objectId: ObjectId, image: SessionImage): Promise<QueueState> {
    const entry = this.#entry(session);
    const ready = image.status === 'ready' && this.#isReady(session, image);
    if (!(ready || (await this.#prepare(session, image)))) return NOTHING_TO_DO;
    const token = segmentToken(session, objectId, image.facts);
    const { load, ...place } = await this.#engine.queue.enqueue(token, entry);
    const state = stateOf(place, this.#learn(load));
    if (state.state === 'queued') this.#promises.make(session.sessionId, objectId, state.etaMs);
    return state;
  }

  /** Where an object stands; `undefined` when it does not wait. */
  async place(sessionId: SessionId, objectId: ObjectId): Promise<QueueState | undefined> {
    const { queue } = this.#engine;
    const place = await queue.place({ kind: 'segment', sessionId, objectId });
    return place && stateOf(place, this.#learn(await queue.load(this.#clock.now())));
  }

  /** How long a new token would wait, when that is longer than anybody should (A14). */
  async overload(
    session: Payer,
    token: SegmentToken,
  ): Promise<{ readonly etaMs: number } | undefined> {
    if (this.#isFarFromOverload()) return undefined;
    const { maxWaitMs } = this.#settings;
    const { refused, load } = await this.#engine.queue.admit(
      token,
      this.#entry(session),
      maxWaitMs,
    );
    this.#learn(load);
    return refused;
  }

  /** A click that has just come. */
  #entry({ tenant }: Payer): Entry {
    const now = this.#clock.now();
    return { now, deadlineAt: now + this.#settings.deadlineMs, cost: this.#turnCost(tenant) };
  }

  /** Holds the content, has it prepared if need be; false when the session has given it up. */
  async #prepare(session: Payer, { facts, status }: SessionImage): Promise<boolean> {
    const { sessions, queue } = this.#engine;
    const preparation = await joinImage(this.#engine, session, facts, true);
    this.#contents.learn(contentKey(session.tenant, facts), preparation);
    if (preparation === undefined) return false;
    const now = this.#clock.now();
    const cost = this.#turnCost(session.tenant);
    const token = prepareToken(session, facts);
    if (preparation.state !== 'ready') await queue.enqueue(token, { now, cost });
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

  /**
   * Even a token that came last would wait for no more than a quarter of what anybody should: so much,
   * because other gateways may think the same at the same time. Counts whom it lets in.
   */
  #isFarFromOverload(): boolean {
    if (this.#seen === undefined || this.#clock.now() > this.#seen.at + LOAD_KNOWN_MS) return false;
    const { waiting, leased, foreseen, callMs } = this.#seen.load;
    const ahead = waiting + leased + this.#seen.unasked;
    this.#seen.unasked += 1;
    return waitMs(ahead, foreseen, callMs) <= this.#settings.maxWaitMs / 4;
  }

  #learn(load: QueueLoad): QueueLoad {
    this.#seen = { load, at: this.#clock.now(), unasked: 0 };
    return load;
  }
}

function stateOf({ state, position }: QueuePlace, load: QueueLoad): QueueState {
  const ahead = state === 'running' ? 0 : load.leased + position;
  return { state, position, etaMs: waitMs(ahead, load.foreseen, load.callMs) + load.callMs };
}
