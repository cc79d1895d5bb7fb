import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import { request } from 'undici';
import type { Cursor } from '../../src/core/cursor.ts';
import type { Snapshot } from '../../src/protocol/bodies.ts';
import { LOGGED_TYPES } from '../../src/protocol/events.ts';
import { AFTER_START, HEADERS, paths, QUERY } from '../../src/protocol/routes.ts';
import type { SeededRandom } from '../sim/seeded-random.ts';
import type { EventTexts } from './event-texts.ts';
import type { ReaderHistory, Seen } from './history.ts';
import { pause } from './pause.ts';

const CONNECT_MS = 3_000;

const LOGGED: ReadonlySet<string> = new Set(LOGGED_TYPES);

export interface Fleet {
  /** Any of the gateways, whether it lives or not. */
  pick(random: SeededRandom): string;
  readonly dispatcher: Dispatcher;
}

type Span = readonly [fromMs: number, toMs: number];

/** How a reader comes and goes. */
export interface ReaderStyle {
  /** From asking for a connection to cutting it. */
  readonly stayMs: Span;
  readonly awayMs: Span;
  /** Share of the cuts that wait for the next bytes and drop a part of them. */
  readonly midFrame: number;
  /** After so many it stays. */
  readonly cuts: number;
  /** Share of the connections at which it has lost its position, like a page that was reloaded. */
  readonly forgets: number;
  /** A stream without a byte for so long, heartbeats included, is that of a gateway that stands still. */
  readonly silenceMs: number;
}

export const RESTLESS: ReaderStyle = {
  stayMs: [300, 9_000],
  awayMs: [20, 300],
  midFrame: 0,
  cuts: Number.POSITIVE_INFINITY,
  forgets: 0.03,
  silenceMs: 4_000,
};

export interface ReaderSetting {
  readonly name: string;
  readonly session: string;
  readonly fleet: Fleet;
  readonly random: SeededRandom;
  readonly style: ReaderStyle;
  readonly texts: EventTexts;
}

/** Reads one session for as long as it is let, through one gateway after the other. */
export class Reader implements ReaderHistory {
  readonly seen: Seen[] = [];
  events = 0;
  resets = 0;
  connections = 0;
  cuts = 0;
  cutsInFrames = 0;
  readonly #setting: ReaderSetting;
  #position: Cursor | undefined;
  /** What the last gateway asked for when it sent this reader away. */
  #waitMs: number | undefined;
  #calm = false;
  /** The next bytes are to be cut. */
  #cutting = false;

  constructor(setting: ReaderSetting) {
    this.#setting = setting;
  }

  get name(): string {
    return this.#setting.name;
  }

  get position(): Cursor | undefined {
    return this.#position;
  }

  /** Leaves no stream by itself from now on. */
  calm(): void {
    this.#calm = true;
  }

  async run(stop: AbortSignal): Promise<void> {
    const { random, style } = this.#setting;
    while (!stop.aborted) {
      await this.#connect(stop).catch(() => undefined);
      await pause(this.#waitMs ?? random.between(...style.awayMs), stop);
      this.#waitMs = undefined;
    }
  }

  async #connect(stop: AbortSignal): Promise<void> {
    const { random, style } = this.#setting;
    const cut = new AbortController();
    this.#cutting = false;
    const inFrame = random.chance(style.midFrame);
    const patience = setTimeout(
      () => {
        if (this.#calm || this.cuts >= style.cuts) return;
        if (inFrame) this.#cutting = true;
        else this.#cut(cut);
      },
      random.between(...style.stayMs),
    );
    try {
      await this.#read(AbortSignal.any([stop, cut.signal]), cut);
    } finally {
      clearTimeout(patience);
    }
  }

  #cut(connection: AbortController): void {
    this.cuts += 1;
    connection.abort();
  }

  async #read(signal: AbortSignal, cut: AbortController): Promise<void> {
    const { fleet, random, session, style } = this.#setting;
    const from = this.#from();
    const query = from === AFTER_START ? `?${QUERY.after}=${AFTER_START}` : '';
    const headers = { accept: 'text/event-stream' };
    const base = fleet.pick(random);
    const { statusCode, body } = await request(`${base}${paths.events(session)}${query}`, {
      headers:
        from === undefined || from === AFTER_START
          ? headers
          : { ...headers, [HEADERS.lastEventId]: from },
      dispatcher: fleet.dispatcher,
      headersTimeout: CONNECT_MS,
      bodyTimeout: style.silenceMs,
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
    const feed = (bytes: Uint8Array) => parser.feed(decoder.decode(bytes, { stream: true }));
    for await (const bytes of body as AsyncIterable<Uint8Array>) {
      if (this.#cutting) {
        // What arrived last is all that the network brought of it.
        feed(bytes.subarray(0, random.below(bytes.length)));
        this.cutsInFrames += 1;
        return this.#cut(cut);
      }
      feed(bytes);
    }
  }

  #from(): Cursor | typeof AFTER_START | undefined {
    const { random, style } = this.#setting;
    if (this.#position === undefined) return AFTER_START;
    return random.chance(style.forgets) ? undefined : this.#position;
  }

  #take(type: string, id: string | undefined, data: string): void {
    if (LOGGED.has(type)) {
      this.events += 1;
      this.seen.push({ kind: 'event', id: id ?? '', event: this.#setting.texts.read(id, data) });
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
