import { formatCursor } from '../core/cursor.ts';
import type { ClickId, ImageId, ObjectId } from '../core/ids.ts';
import { clickId, objectId } from '../core/ids.ts';
import { ProblemError } from '../core/problem.ts';
import type { Box, Point } from '../core/prompt.ts';
import type { Engine } from '../ports/engine.ts';
import type { Changed, SessionCommands, SessionFacts } from '../ports/session-store.ts';
import type { Clock, Metrics, Random } from '../ports/system.ts';
import type { ClickAccepted, ClickState, ClickUndone, QueueState } from '../protocol/bodies.ts';
import { paths } from '../protocol/routes.ts';
import { waitForEvents } from './stream/wait-for-events.ts';
import type { WorkEntry } from './work/work-entry.ts';
import { NOTHING_TO_DO } from './work/work-entry.ts';

const CLICK_ID_BYTES = 12;
const OBJECT_ID_BYTES = 9;

export interface SubmitClick {
  readonly imageId: ImageId;
  /** A new object when absent. */
  readonly objectId?: ObjectId | undefined;
  readonly points: readonly Point[];
  readonly box?: Box | undefined;
  readonly clientRef?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly idempotency?: { readonly key: string; readonly fingerprint: string } | undefined;
}

export interface ClickPorts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  /** Ends all waiting, when the gateway stops. */
  readonly stopping: AbortSignal;
}

/** Takes clicks, merges them, and tells how they ended (A12–A17). */
export class ClickService {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #metrics: Metrics;
  readonly #stopping: AbortSignal;
  readonly #work: WorkEntry;

  constructor(ports: ClickPorts, work: WorkEntry) {
    this.#engine = ports.engine;
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#metrics = ports.metrics;
    this.#stopping = ports.stopping;
    this.#work = work;
  }

  /**
   * Appends the click, then enqueues its object, and only then, when it is durable, says that it is
   * accepted (L1).
   */
  async submit(
    session: SessionFacts,
    input: SubmitClick,
  ): Promise<{ accepted: ClickAccepted; replayed: boolean }> {
    const { sessions } = this.#engine;
    try {
      const taken = await sessions.durably((commands) => this.#submit(commands, session, input));
      this.#count(taken.accepted.queue);
      return taken;
    } catch (error) {
      if (error instanceof ProblemError) this.#metrics.clickRefused(error.code);
      throw error;
    }
  }

  /** A15. */
  async undo(session: SessionFacts, id: ClickId): Promise<ClickUndone> {
    const { sessions } = this.#engine;
    const changed = await sessions.durably((commands) => this.#undo(commands, session, id));
    const { clickId: undone, objectId: object, revision, position } = changed;
    return { clickId: undone, objectId: object, revision, cursor: formatCursor(position) };
  }

  /** A17. */
  async state(session: SessionFacts, id: ClickId): Promise<ClickState> {
    const { imageId: _, ...state } = await this.#engine.sessions.click(session.sessionId, id);
    if (state.status !== 'queued' && state.status !== 'running') return state;
    const place = await this.#work.place(session.sessionId, state.objectId);
    return place === undefined ? state : { ...state, queue: place };
  }

  /** The same, as soon as the click has ended, or after `ms` as it is then. */
  async wait(
    session: SessionFacts,
    id: ClickId,
    ms: number,
    signal: AbortSignal,
  ): Promise<ClickState> {
    const state = await this.state(session, id);
    if (hasEnded(state) || ms <= 0) return state;
    await waitForEvents(this.#engine.log, this.#clock, session.sessionId, {
      ms,
      signals: [signal, this.#stopping],
      done: async () => hasEnded(await this.#engine.sessions.click(session.sessionId, id)),
    });
    return await this.state(session, id);
  }

  async #submit(
    sessions: SessionCommands,
    session: SessionFacts,
    input: SubmitClick,
  ): Promise<{ accepted: ClickAccepted; replayed: boolean }> {
    const { sessionId } = session;
    const object = input.objectId ?? objectId(`obj_${this.#random.token(OBJECT_ID_BYTES)}`);
    const { points, box } = input;
    const token = { kind: 'segment', sessionId, objectId: object } as const;
    const changed = await sessions.accept(sessionId, {
      idempotency: input.idempotency,
      clickId: clickId(`clk_${this.#random.token(CLICK_ID_BYTES)}`),
      imageId: input.imageId,
      objectId: object,
      part: box === undefined ? { points } : { points, box },
      clientRef: input.clientRef,
      traceparent: input.traceparent,
      overloaded: await this.#work.overload(session, token),
      now: this.#clock.now(),
    });
    const queue = await this.#enqueue(session, changed);
    return { accepted: acceptedBody(session, changed, queue), replayed: changed.replayed };
  }

  async #undo(sessions: SessionCommands, session: SessionFacts, id: ClickId): Promise<Changed> {
    const changed = await sessions.undo(session.sessionId, id, this.#clock.now());
    await this.#enqueue(session, changed);
    return changed;
  }

  async #enqueue(session: SessionFacts, { objectId, image }: Changed): Promise<QueueState> {
    if (image === undefined) return NOTHING_TO_DO;
    return await this.#work.enqueue(session, objectId, image);
  }

  #count(queue: QueueState): void {
    if (queue.state === 'done') this.#metrics.clickAccepted('remembered');
    else this.#metrics.clickAccepted(queue.state === 'queued' ? 'queued' : 'merged');
  }
}

function hasEnded(state: ClickState): boolean {
  return state.status !== 'queued' && state.status !== 'running';
}

function acceptedBody(session: SessionFacts, changed: Changed, queue: QueueState): ClickAccepted {
  return {
    clickId: changed.clickId,
    objectId: changed.objectId,
    imageId: changed.imageId,
    revision: changed.revision,
    cursor: formatCursor(changed.position),
    queue,
    links: { self: paths.click(session.sessionId, changed.clickId) },
  };
}
