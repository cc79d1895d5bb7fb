/** A session that is followed: its state is kept up to date and clicks show before they are sent. */
import type { Box, Point } from '../core/prompt.ts';
import type { ClickAccepted, ClickUndone, ObjectPatch } from '../protocol/bodies.ts';
import { applyEvent } from './apply-event.ts';
import type { Connection } from './connection.ts';
import type { Environment } from './environment.ts';
import { EventStream } from './event-stream.ts';
import { MaskwireError } from './maskwire-error.ts';
import { Outage } from './outage.ts';
import { acceptPending, addPending, dropPending } from './pending-clicks.ts';
import type { SessionRequests } from './session-requests.ts';
import type { SessionState } from './session-state.ts';
import { emptyState } from './session-state.ts';
import type { StreamFrame, Transport } from './transport.ts';

/** What a person adds to an object. */
export interface Click {
  readonly imageId: string;
  /** Leave it out to begin a new object. */
  readonly objectId?: string | undefined;
  readonly points?: readonly Point[] | undefined;
  readonly box?: Box | undefined;
}

export interface SentClick {
  readonly clientRef: string;
  readonly objectId: string;
  /** Settles with the gateway's answer; a refused click is taken back before it rejects. */
  readonly accepted: Promise<ClickAccepted>;
}

/** Something changed; `frame` is there when the stream said so. */
export type Listener = (session: LiveSession, frame: StreamFrame | undefined) => void;

export interface LiveSessionOptions {
  readonly environment: Environment;
  readonly requests: SessionRequests;
  readonly transports: Readonly<Record<'stream' | 'poll', Transport>>;
  /** One request that fails as the stream would, to learn why. */
  readonly probe: () => Promise<unknown>;
}

/** Opens its stream at once; call {@link close} when it is no longer wanted. */
export class LiveSession {
  /** The plain requests, for whatever has no state here. */
  readonly requests: SessionRequests;
  readonly #environment: Environment;
  readonly #stream: EventStream;
  readonly #outage: Outage;
  readonly #listeners = new Set<Listener>();
  /** Per object, the last request: clicks of one object must arrive in their order. */
  readonly #last = new Map<string, Promise<unknown>>();
  #state: SessionState;

  constructor(options: LiveSessionOptions) {
    this.requests = options.requests;
    this.#environment = options.environment;
    this.#state = emptyState(options.requests.sessionId);
    this.#stream = new EventStream({
      environment: options.environment,
      transports: options.transports,
      onFrame: (frame) => this.#become(applyEvent(this.#state, frame), frame),
      onConnection: () => this.#tell(undefined),
      probe: () => reasonOf(options.probe),
    });
    this.#outage = new Outage({
      environment: options.environment,
      subscribe: (listener) => this.subscribe(listener),
      connection: () => {
        const { name } = this.connection;
        return name === 'live' || name === 'closed' ? name : 'away';
      },
    });
  }

  get sessionId(): string {
    return this.requests.sessionId;
  }

  get state(): SessionState {
    return this.#state;
  }

  get connection(): Connection {
    return this.#stream.connection;
  }

  /** Calls `listener` after each change, until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Shows a click at once and sends it; its mask comes with the stream. While the gateway is out of reach
   * it is kept, in its order, for up to a minute.
   */
  click(click: Click): SentClick {
    const clientRef = this.#environment.unique();
    const objectId = click.objectId ?? `obj_${this.#environment.unique().slice(0, 16)}`;
    const { imageId, box } = click;
    const points = click.points ?? [];
    const part = { clientRef, objectId, imageId, points, ...(box === undefined ? {} : { box }) };
    this.#become(addPending(this.#state, part));
    const body = { ...part, points: points.length === 0 ? undefined : points };
    const accepted = this.#inOrder(objectId, () => this.requests.click(body, clientRef)).then(
      (answer) => {
        this.#become(acceptPending(this.#state, clientRef, answer.cursor));
        return answer;
      },
      (error: unknown) => {
        this.#become(dropPending(this.#state, clientRef));
        throw error;
      },
    );
    return { clientRef, objectId, accepted };
  }

  /** Takes a click back, after whatever was sent for its object before. */
  undo(objectId: string, clickId: string): Promise<ClickUndone> {
    return this.#inOrder(objectId, () => this.requests.undo(clickId));
  }

  async patchObject(objectId: string, patch: ObjectPatch): Promise<void> {
    await this.#inOrder(objectId, () => this.requests.patchObject(objectId, patch));
  }

  async removeObject(objectId: string): Promise<void> {
    await this.#inOrder(objectId, () => this.requests.removeObject(objectId));
  }

  async retryObject(objectId: string): Promise<void> {
    await this.#inOrder(objectId, () => this.requests.retryObject(objectId));
  }

  /** Stops following. Requests under way still finish. */
  close(): void {
    this.#stream.close();
    this.#listeners.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #inOrder<Result>(objectId: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(objectId) ?? Promise.resolve();
    const since = this.#environment.now();
    const send = (): Promise<Result> => this.#outage.outlast(since, action);
    const result = before.then(send, send);
    this.#last.set(objectId, result);
    const forget = (): void => {
      if (this.#last.get(objectId) === result) this.#last.delete(objectId);
    };
    result.then(forget, forget);
    return result;
  }

  #become(state: SessionState, frame?: StreamFrame): void {
    if (state === this.#state && frame === undefined) return;
    this.#state = state;
    this.#tell(frame);
  }

  #tell(frame: StreamFrame | undefined): void {
    for (const listener of [...this.#listeners]) listener(this, frame);
  }
}

async function reasonOf(
  probe: () => Promise<unknown>,
): Promise<'session_gone' | 'not_allowed' | undefined> {
  try {
    await probe();
    return undefined;
  } catch (error) {
    if (!(error instanceof MaskwireError)) return undefined;
    if (error.code === 'session_not_found') return 'session_gone';
    return error.status === 401 || error.status === 403 ? 'not_allowed' : undefined;
  }
}
