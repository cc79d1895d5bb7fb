import { formatCursor, parseCursor, resetReason } from '../../core/cursor.ts';
import type { SessionId } from '../../core/ids.ts';
import { ProblemError } from '../../core/problem.ts';
import type { EventLog, LogPage } from '../../ports/event-log.ts';
import type { PresenceBook } from '../../ports/presence-book.ts';
import type { SessionFacts, SessionStore } from '../../ports/session-store.ts';
import type { Clock, Metrics, Random } from '../../ports/system.ts';
import type { Snapshot } from '../../protocol/bodies.ts';
import type { ServiceState } from '../../protocol/events.ts';
import { eachInTurn } from '../each-in-turn.ts';
import type { GatewaySettings } from '../settings.ts';
import { limitsOf } from '../settings.ts';
import { StreamChannel } from './channel.ts';
import { passingBytes, passingFrame, timestamp } from './frames.ts';
import { Presence } from './presence.ts';
import { Pulse } from './pulse.ts';
import type { ReaderHost } from './reader.ts';
import { PAGE_EVENTS, Reader } from './reader.ts';
import { ReaderCount } from './reader-count.ts';
import { ServiceNotice } from './service-notice.ts';
import type { StreamSink } from './sink.ts';
import { StrandedReaders } from './stranded-readers.ts';

/** A25: spread over two seconds, so that readers cut at once do not come back at once … */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 2_000;
/** … and over more when they are many, so that 500 of them come back a second. */
const RETRY_SPREAD_MS_EACH = 2;
const RETRY_SPREAD_MAX_MS = 9_000;

/** A reader too many comes back later than others: it takes its place only when one has left. */
const CROWDED_RETRY_MIN_MS = 10_000;
const CROWDED_RETRY_SPREAD_MS = 10_000;

/** Where a reader wants to begin (A23). */
export type StreamStart =
  | { readonly kind: 'none' }
  /** Everything that is kept, from the first entry on. */
  | { readonly kind: 'start' }
  | { readonly kind: 'cursor'; readonly text: string };

/** Who reads, as far as it is known. */
export interface Who {
  readonly participantId?: string | undefined;
  /** Where the request comes from. */
  readonly address?: string | undefined;
}

export interface StreamPorts {
  readonly log: EventLog;
  readonly sessions: SessionStore;
  readonly presence: PresenceBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
}

/** All open streams of this gateway. */
export class StreamService {
  readonly #ports: StreamPorts;
  readonly #settings: GatewaySettings;
  readonly #channels = new Map<SessionId, OpenChannel>();
  readonly #pulse: Pulse;
  /** Streams, and requests that are held like them. */
  readonly readers: ReaderCount;
  readonly #host: ReaderHost;
  readonly #service = new ServiceNotice();
  readonly #stranded = new StrandedReaders();
  readonly #presence: Presence;
  #draining = false;
  #spreadMs = RETRY_SPREAD_MS;

  constructor(ports: StreamPorts, settings: GatewaySettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.readers = new ReaderCount(settings.maxStreams);
    this.#pulse = new Pulse(ports.clock, ports.random, settings);
    this.#presence = new Presence({
      book: ports.presence,
      clock: ports.clock,
      gatewayId: ports.random.token(9),
      readersOf: (session) => this.#channels.get(session)?.channel.participants ?? [],
    });
    this.#host = {
      log: ports.log,
      now: () => ports.clock.now(),
      snapshotFrame: (session) => this.#snapshotFrame(session),
      onReset: (reason) => ports.metrics.streamReset(reason),
      onFrame: (bytes) => ports.metrics.streamFrames(1, bytes),
      service: () => ({
        status: this.#service.status,
        frame: this.#service.frame(ports.clock.now()),
      }),
      onStranded: (reader) => this.#stranded.add(reader),
      farewell: () => this.#drainingFrame(),
      onEnd: (reader) => this.#onEnd(reader),
    };
  }

  /** Sessions with an open stream here. */
  get sessions(): readonly SessionId[] {
    return [...this.#channels.keys()];
  }

  /**
   * Serves one stream until it ends; resolves when it has begun. Always answers the stream, never an
   * error, since a browser gives up for good after one (A25).
   */
  async open(
    session: SessionFacts,
    start: StreamStart,
    sink: StreamSink,
    who: Who = {},
  ): Promise<void> {
    if (this.#draining) return turnAway(sink, this.#drainingFrame());
    const { sessionId } = session;
    const { participantId, address } = who;
    if (!this.readers.enter(sessionId, address)) return turnAway(sink, this.#crowdedFrame());
    const { channel, subscribed } = this.#channel(sessionId);
    const reader = new Reader(sink, channel, this.#host, who);
    // Registered before anything is awaited: neither its end nor the gateway's may miss it.
    channel.readers.add(reader);
    this.#pulse.add(reader);
    this.#ports.metrics.streamsOpen(1);
    if (participantId !== undefined && channel.join(participantId, this.#timestamp())) {
      this.#presence.changed(sessionId);
    }
    reader.attach();
    try {
      // Before anything is read: what is appended from here on is announced (L12).
      await subscribed;
      await this.#begin(reader, sessionId, start);
    } catch {
      reader.end(this.#drainingFrame());
    }
  }

  /** A7, with what only this gateway knows. */
  async snapshot(session: SessionId): Promise<Snapshot> {
    const snapshot = await this.#snapshot(session);
    if (snapshot === undefined)
      throw new ProblemError('session_not_found', `There is no session ${session}.`);
    return snapshot.payload;
  }

  /** Says anew who reads here, and forgets those of gateways that say nothing any more (A7). */
  async renewPresence(): Promise<void> {
    const peopled = [...this.#channels.values()].filter(({ channel }) => channel.peopled);
    await this.#presence.renew(peopled.map(({ channel }) => channel.session));
  }

  /** How the feature servers are; all readers are told. */
  setServiceState(state: ServiceState): void {
    if (this.#service.setFeatures(state)) this.#tellService();
  }

  /** Whether the storage can be reached; all readers are told, and none of them is cut (A22). */
  setStorage(available: boolean): void {
    if (this.#service.setStorage(available)) this.#tellService();
  }

  /** The storage has just been reached: readers that lost it go on where they stand. */
  async resume(): Promise<void> {
    await this.#stranded.resume();
  }

  /** Runs `visit` for each channel that is open now. */
  async eachChannel(visit: (channel: StreamChannel) => Promise<void>): Promise<void> {
    await eachInTurn(this.#channels.values(), ({ channel }) => visit(channel));
  }

  /** Compares each channel with the log, in case a doorbell was lost (L12). */
  async checkPositions(): Promise<void> {
    await this.eachChannel(async (channel) => {
      const extent = await this.#ports.log.extent(channel.session);
      if (extent !== undefined) channel.repair({ epoch: extent.epoch, sequence: extent.last });
      else for (const reader of [...channel.readers]) reader.fallBehind();
    });
  }

  /** From now on streams that come are turned away (A25). */
  refuse(): void {
    this.#draining = true;
  }

  /** Ends every stream, each with its own time to come back (A25). */
  drain(): void {
    this.refuse();
    let open = 0;
    for (const { channel } of this.#channels.values()) open += channel.readers.size;
    this.#spreadMs = Math.min(
      RETRY_SPREAD_MAX_MS,
      Math.max(RETRY_SPREAD_MS, open * RETRY_SPREAD_MS_EACH),
    );
    for (const { channel } of [...this.#channels.values()]) {
      for (const reader of [...channel.readers]) reader.end(this.#drainingFrame());
    }
    this.#pulse.stop();
  }

  async #begin(reader: Reader, session: SessionId, start: StreamStart): Promise<void> {
    const asked = askedPosition(start);
    // With the first page at once, which is all that most readers miss.
    const wanted = asked === 'invalid' ? undefined : asked;
    const page = await firstLook(this.#ports.log, session, wanted);
    if (page === undefined) return reader.end();
    const { extent } = page;
    const head = { epoch: extent.epoch, sequence: extent.last };
    const from = wanted && { ...wanted, epoch: wanted.epoch ?? extent.epoch };
    const reset = asked === 'invalid' ? 'cursor_invalid' : from && resetReason(from, extent);
    const position = reset === undefined ? from : undefined;
    const opened = passingFrame(
      'stream.opened',
      {
        cursor: formatCursor(head),
        replaying: position !== undefined && position.sequence < head.sequence,
        heartbeatMs: this.#settings.heartbeatMs,
        service: this.#service.status,
      },
      this.#ports.clock.now(),
    );
    const retryMs = this.#retryMs();
    const begin = position === undefined ? { reset } : { position, page };
    await reader.start(passingBytes(opened, { retryMs }), begin);
  }

  #channel(session: SessionId): OpenChannel {
    const known = this.#channels.get(session);
    if (known !== undefined) return known;
    const channel = new StreamChannel(session);
    const open = { channel, subscribed: this.#ports.log.subscribe(session, channel) };
    this.#channels.set(session, open);
    return open;
  }

  #onEnd(reader: Reader): void {
    const { channel, participantId, address } = reader;
    this.readers.leave(channel.session, address);
    channel.readers.delete(reader);
    this.#pulse.delete(reader);
    this.#stranded.delete(reader);
    this.#ports.metrics.streamsOpen(-1);
    if (participantId !== undefined && channel.leave(participantId)) {
      this.#presence.changed(channel.session);
    }
    const open = this.#channels.get(channel.session);
    if (channel.readers.size > 0 || open?.channel !== channel) return;
    this.#channels.delete(channel.session);
    // One that failed has nothing to be ended; its readers have been told.
    void open.subscribed.then(
      (unsubscribe) => unsubscribe(),
      () => {},
    );
  }

  async #snapshotFrame(session: SessionId) {
    const snapshot = await this.#snapshot(session);
    if (snapshot === undefined) return undefined;
    const { position, payload } = snapshot;
    const frame = passingFrame('session.snapshot', payload, this.#ports.clock.now());
    return { bytes: passingBytes(frame, { position }), position };
  }

  async #snapshot(session: SessionId) {
    const [cut, participants] = await Promise.all([
      this.#ports.sessions.snapshot(session),
      this.#presence.list(session),
    ]);
    if (cut === undefined) return undefined;
    const open = this.#channels.get(session);
    if (open !== undefined && participants.length > 0) open.channel.peopled = true;
    const payload: Snapshot = {
      ...cut.snapshot,
      participants,
      service: this.#service.status,
      limits: limitsOf(this.#settings),
    };
    return { position: cut.position, payload };
  }

  #tellService(): void {
    for (const { channel } of this.#channels.values()) {
      for (const reader of channel.readers) reader.tellService();
    }
  }

  #drainingFrame(retryMs = this.#retryMs()): Uint8Array {
    const payload = { reconnectInMs: retryMs };
    const frame = passingFrame('stream.draining', payload, this.#ports.clock.now());
    return passingBytes(frame, { retryMs });
  }

  #crowdedFrame(): Uint8Array {
    const spread = Math.floor(this.#ports.random.uniform() * CROWDED_RETRY_SPREAD_MS);
    return this.#drainingFrame(CROWDED_RETRY_MIN_MS + spread);
  }

  #retryMs(): number {
    return RETRY_MIN_MS + Math.floor(this.#ports.random.uniform() * this.#spreadMs);
  }

  #timestamp(): string {
    return timestamp(this.#ports.clock.now());
  }
}

function turnAway(sink: StreamSink, farewell: Uint8Array): void {
  sink.write(farewell);
  sink.end();
}

interface OpenChannel {
  readonly channel: StreamChannel;
  /** Resolves when the channel hears of what is appended; gives the way to end that. */
  readonly subscribed: Promise<() => void>;
}

/** A sequence in an epoch; in the present one, whichever that is, without one. */
interface AskedPosition {
  readonly epoch?: number;
  readonly sequence: number;
}

/** The position that a start stands for; `undefined` for "no position". */
function askedPosition(start: StreamStart): AskedPosition | 'invalid' | undefined {
  switch (start.kind) {
    case 'none':
      return undefined;
    case 'start':
      return { sequence: 0 };
    case 'cursor':
      return parseCursor(start.text) ?? 'invalid';
  }
}

/** What the log holds, with what follows the position; without one, with nothing. */
async function firstLook(
  log: EventLog,
  session: SessionId,
  after: AskedPosition | undefined,
): Promise<LogPage | undefined> {
  if (after !== undefined) return await log.read(session, { epoch: 0, ...after }, PAGE_EVENTS);
  const extent = await log.extent(session);
  return extent && { extent, events: [] };
}
