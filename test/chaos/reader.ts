import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import { request } from 'undici';
import type { Cursor } from '../../src/core/cursor.ts';
import type { Snapshot } from '../../src/protocol/bodies.ts';
import { LOGGED_TYPES } from '../../src/protocol/events.ts';
import { AFTER_START, HEADERS, paths, QUERY } from '../../src/protocol/routes.ts';
import type { SeededRandom } from '../sim/seeded-random.ts';
import type { AnyEnvelope, ReaderHistory, Seen } from './history.ts';
import { pause } from './pause.ts';

/** Heartbeats come every second; a stream without any is that of a gateway that stands still. */
const SILENCE_MS = 4_000;
const CONNECT_MS = 3_000;

const LOGGED: ReadonlySet<string> = new Set(LOGGED_TYPES);

export interface Fleet {
  /** Any of the gateways, whether it lives or not. */
  pick(random: SeededRandom): string;
  readonly dispatcher: Dispatcher;
}

/** Reads one session for as long as it is let, through one gateway after the other. */
export class Reader implements ReaderHistory {
  readonly name: string;
  readonly seen: Seen[] = [];
  events = 0;
  resets = 0;
  connections = 0;
  readonly #session: string;
  readonly #fleet: Fleet;
  readonly #random: SeededRandom;
  #position: Cursor | undefined;
  /** What the last gateway asked for when it sent this reader away. */
  #waitMs: number | undefined;
  #calm = false;

  constructor(name: string, session: string, fleet: Fleet, random: SeededRandom) {
    this.name = name;
    this.#session = session;
    this.#fleet = fleet;
    this.#random = random;
  }

  get position(): Cursor | undefined {
    return this.#position;
  }

  /** Leaves no stream by itself from now on. */
  calm(): void {
    this.#calm = true;
  }

  async run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.#connect(stop).catch(() => undefined);
      await pause(this.#waitMs ?? this.#random.between(20, 300), stop);
      this.#waitMs = undefined;
    }
  }

  async #connect(stop: AbortSignal): Promise<void> {
    const leave = new AbortController();
    const patience = setTimeout(
      () => {
        if (!this.#calm) leave.abort();
      },
      this.#random.between(300, 9_000),
    );
    try {
      await this.#read(AbortSignal.any([stop, leave.signal]));
    } finally {
      clearTimeout(patience);
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const from = this.#from();
    const query = from === AFTER_START ? `?${QUERY.after}=${AFTER_START}` : '';
    const headers = { accept: 'text/event-stream' };
    const base = this.#fleet.pick(this.#random);
    const { statusCode, body } = await request(`${base}${paths.events(this.#session)}${query}`, {
      headers:
        from === undefined || from === AFTER_START
          ? headers
          : { ...headers, [HEADERS.lastEventId]: from },
      dispatcher: this.#fleet.dispatcher,
      headersTimeout: CONNECT_MS,
      bodyTimeout: SILENCE_MS,
      signal,
    });
    if (statusCode !== 200) {
      await body.dump();
      return;
    }
    this.connections += 1;
    this.seen.push({ kind: 'connected', from });
    const parser = createParser({
      onEvent: ({ id, event, data }) => this.#take(event ?? '', id, data),
    });
    const decoder = new TextDecoder();
    for await (const bytes of body) parser.feed(decoder.decode(bytes as Buffer, { stream: true }));
  }

  /** Mostly from where it was; now and then it has forgotten that, like a page that was reloaded. */
  #from(): Cursor | typeof AFTER_START | undefined {
    if (this.#position === undefined) return AFTER_START;
    return this.#random.chance(0.03) ? undefined : this.#position;
  }

  #take(type: string, id: string | undefined, data: string): void {
    if (LOGGED.has(type)) {
      this.events += 1;
      this.seen.push({ kind: 'event', id: id ?? '', event: JSON.parse(data) as AnyEnvelope });
      this.#position = id as Cursor;
    } else if (type === 'session.snapshot') {
      this.#snapshot(JSON.parse(data).payload as Snapshot);
    } else if (type === 'stream.reset') {
      this.resets += 1;
      this.seen.push({ kind: 'reset', reason: JSON.parse(data).payload.reason });
    } else if (type === 'stream.draining') {
      this.#waitMs = JSON.parse(data).payload.reconnectInMs;
    } else if (type === 'heartbeat' && id !== undefined) {
      this.seen.push({ kind: 'heartbeat', id });
    }
  }

  #snapshot({ cursor, objects }: Snapshot): void {
    this.#position = cursor;
    this.seen.push({
      kind: 'snapshot',
      cursor,
      objects: objects.map(({ objectId, revision, clicks }) => ({
        objectId,
        revision,
        clicks: clicks.map(({ clickId, points, box }) => ({
          clickId,
          points,
          ...(box === undefined ? {} : { box }),
        })),
      })),
    });
  }
}
