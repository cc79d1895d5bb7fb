/** Keeps one session's stream alive: runs the connection machine on real transports and timers. */
import type { Cursor } from '../core/cursor.ts';
import { parseCursor } from '../core/cursor.ts';
import type { Connection, ConnectionEvent, Effect, Via } from './connection.ts';
import { START, step } from './connection.ts';
import type { Cancel, Environment } from './environment.ts';
import type { StreamFrame, Transport } from './transport.ts';
import { isLogged } from './transport.ts';

/**
 * What to do with a frame when everything up to `seen` was delivered: a log's numbers have no hole
 * (A19), so a repeat and a gap are both plain to see.
 */
export function admit(seen: Cursor | undefined, frame: StreamFrame): 'deliver' | 'repeat' | 'gap' {
  const logged = isLogged(frame);
  const named = logged ? frame.eventId : frame.type === 'heartbeat' ? frame.payload.cursor : null;
  if (named === null || seen === undefined) return 'deliver';
  const at = parseCursor(named);
  const last = parseCursor(seen);
  if (at === undefined || last === undefined || at.epoch !== last.epoch) return 'gap';
  if (!logged) return at.sequence > last.sequence ? 'gap' : 'deliver';
  if (at.sequence <= last.sequence) return 'repeat';
  return at.sequence === last.sequence + 1 ? 'deliver' : 'gap';
}

export interface EventStreamOptions {
  readonly environment: Environment;
  readonly transports: Readonly<Record<Via, Transport>>;
  /** Position to read on from; without it the stream begins with a snapshot. */
  readonly after?: Cursor | undefined;
  /** Every frame once, in order; an event is never delivered twice and never left out. */
  readonly onFrame: (frame: StreamFrame) => void;
  readonly onConnection: (connection: Connection) => void;
  /** Asks why a stream does not open; answers when no further attempt can succeed. */
  readonly probe: () => Promise<'session_gone' | 'not_allowed' | undefined>;
}

/** A stream that outlives its connections. Starts at once, ends at {@link close} or when refused. */
export class EventStream {
  readonly #options: EventStreamOptions;
  #connection: Connection = START.state;
  #cursor: Cursor | undefined;
  #transport: Cancel | undefined;
  #timer: Cancel | undefined;
  /** After which position something was missing last. */
  #hole: Cursor | undefined;
  /** True once it is known that the log holds what this reader cannot see. */
  #sparse = false;
  readonly #network: Cancel | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#cursor = options.after;
    this.#network = options.environment.watchNetwork?.((up) =>
      this.#happen({ type: up ? 'network-up' : 'network-down' }),
    );
    for (const effect of START.effects) this.#perform(effect);
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** The position of the last event that was delivered. */
  get cursor(): Cursor | undefined {
    return this.#cursor;
  }

  close(): void {
    this.#happen({ type: 'close' });
  }

  #happen(event: ConnectionEvent): void {
    const before = this.#connection;
    const next = step(before, event);
    this.#connection = next.state;
    for (const effect of next.effects) this.#perform(effect);
    if (next.state.name === 'closed') this.#network?.();
    if (next.state !== before) this.#options.onConnection(next.state);
  }

  #perform(effect: Effect): void {
    if (effect.do === 'probe') {
      this.#ask().catch(() => undefined);
      return;
    }
    this.#timer?.();
    this.#timer = undefined;
    if (effect.do === 'timer') {
      const { random, after } = this.#options.environment;
      const ms = effect.fromMs + random() * (effect.toMs - effect.fromMs);
      this.#timer = after(ms, () => this.#happen({ type: effect.fires }));
      return;
    }
    this.#transport?.();
    this.#transport = undefined;
    if (effect.do === 'open') this.#open(effect.via);
  }

  #open(via: Via): void {
    this.#transport = this.#options.transports[via](this.#cursor, {
      frame: (frame) => this.#receive(frame, via),
      lost: () => this.#happen({ type: 'lost' }),
    });
  }

  async #ask(): Promise<void> {
    const reason = await this.#options.probe();
    if (reason !== undefined) this.#happen({ type: 'refused', reason });
  }

  #receive(frame: StreamFrame, via: Via): void {
    if (frame.type === 'stream.opened') {
      this.#happen({ type: 'opened', via, heartbeatMs: frame.payload.heartbeatMs });
    } else {
      this.#happen({ type: 'active' });
    }
    const admission = admit(this.#cursor, frame);
    if (admission === 'repeat') return;
    if (admission === 'gap' && !this.#mayPass()) {
      this.#happen({ type: 'lost' });
      return;
    }
    if (isLogged(frame)) this.#cursor = frame.eventId;
    if (frame.type === 'session.snapshot') this.#cursor = frame.payload.cursor;
    this.#options.onFrame(frame);
    this.#follow(frame);
  }

  /**
   * What is missing is asked for once. If it is still missing then, it is of types that did not
   * exist when this reader was written: an `EventSource` cannot see what it has no name for (A19).
   */
  #mayPass(): boolean {
    this.#sparse ||= this.#hole !== undefined && this.#hole === this.#cursor;
    this.#hole = this.#cursor;
    return this.#sparse;
  }

  /** Frames that are about the connection itself. */
  #follow(frame: StreamFrame): void {
    if (frame.type === 'stream.draining') {
      this.#happen({ type: 'draining', reconnectInMs: frame.payload.reconnectInMs });
    }
    if (frame.type === 'session.closed') this.#happen({ type: 'refused', reason: 'session_gone' });
  }
}
