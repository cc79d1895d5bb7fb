import { formatCursor } from '../../core/cursor.ts';
import type { SessionId } from '../../core/ids.ts';
import { ProblemError } from '../../core/problem.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { PresenceBook } from '../../ports/presence-book.ts';
import type { SessionFacts, SessionStore } from '../../ports/session-store.ts';
import type { Clock, Metrics, Random } from '../../ports/system.ts';
import type { Snapshot } from '../../protocol/bodies.ts';
import type { ServiceState } from '../../protocol/events.ts';
import { eachInTurn } from '../each-in-turn.ts';
import type { GatewaySettings } from '../settings.ts';
import { limitsOf } from '../settings.ts';
import { StreamChannel } from './channel.ts';
import { Farewells } from './farewells.ts';
import { passingBytes, passingFrame, timestamp } from './frames.ts';
import { Presence } from './presence.ts';
import { Pulse } from './pulse.ts';
import type { ReaderHost } from './reader.ts';
import { PAGE_EVENTS, Reader } from './reader.ts';
import { ReaderCount } from './reader-count.ts';
import { ServiceNotice } from './service-notice.ts';
import type { StreamSink } from './sink.ts';
import { StrandedReaders } from './stranded-readers.ts';
import type { StreamStart } from './stream-start.ts';
import { lookUp } from './stream-start.ts';

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
  readonly #farewells: Farewells;
  #draining = false;

  constructor(ports: StreamPorts, settings: GatewaySettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.#farewells = new Farewells(ports);
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
      farewell: () => this.#farewells.frame(),
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
    if (this.#draining) return this.#farewells.turnAway(sink);
    const { sessionId } = session;
    const { participantId, address } = who;
    if (!this.readers.enter(sessionId, address)) {
      return this.#farewells.turnAway(sink, this.#farewells.crowdedFrame());
    }
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
      reader.end(this.#farewells.frame());
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
    this.#farewells.expect(open);
    for (const { channel } of [...this.#channels.values()]) {
      for (const reader of [...channel.readers]) reader.end(this.#farewells.frame());
    }
    this.#pulse.stop();
  }

  async #begin(reader: Reader, session: SessionId, start: StreamStart): Promise<void> {
    const found = await lookUp(this.#ports.log, session, start, PAGE_EVENTS);
    if (found === undefined) return reader.end();
    const { extent, begin } = found;
    const head = { epoch: extent.epoch, sequence: extent.last };
    const opened = passingFrame(
      'stream.opened',
      {
        cursor: formatCursor(head),
        replaying: begin.position !== undefined && begin.position.sequence < head.sequence,
        heartbeatMs: this.#settings.heartbeatMs,
        service: this.#service.status,
      },
      this.#ports.clock.now(),
    );
    const retryMs = this.#farewells.retryMs();
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

  #timestamp(): string {
    return timestamp(this.#ports.clock.now());
  }
}

interface OpenChannel {
  readonly channel: StreamChannel;
  /** Resolves when the channel hears of what is appended; gives the way to end that. */
  readonly subscribed: Promise<() => void>;
}
