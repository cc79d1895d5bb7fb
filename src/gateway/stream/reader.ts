import type { Position, ResetReason } from '../../core/cursor.ts';
import { formatCursor, isAfter, resetReason } from '../../core/cursor.ts';
import type { SessionId } from '../../core/ids.ts';
import { isStorageLost } from '../../core/problem.ts';
import type { EventLog, LoggedEvent, LogPage } from '../../ports/event-log.ts';
import type { ServiceStatus } from '../../protocol/events.ts';
import type { StreamChannel } from './channel.ts';
import { eventBytes, passingBytes, passingFrame } from './frames.ts';
import { Outbox } from './outbox.ts';
import type { StreamSink } from './sink.ts';
import type { Beginning } from './stream-start.ts';

/** Entries read from the log at once while a reader catches up. */
export const PAGE_EVENTS = 64;

/** What readers need of their surroundings; one for all, since a reader has to be small. */
export interface ReaderHost {
  readonly log: EventLog;
  now(): number;
  /** The frame of the session as it is, and the position that it stands for. */
  snapshotFrame(
    session: SessionId,
  ): Promise<{ readonly bytes: Uint8Array; readonly position: Position } | undefined>;
  onReset(reason: ResetReason): void;
  onFrame(bytes: number): void;
  /** How the service is, and the frame that says so. */
  service(): { readonly status: ServiceStatus; readonly frame: Uint8Array };
  /** The storage is lost to this reader; somebody calls {@link Reader.resume} when it is back. */
  onStranded(reader: Reader): void;
  /** The last frame of a reader that cannot be served any more: when to come back (A25). */
  farewell(): Uint8Array;
  /** The reader is over, for whatever reason; called once. */
  onEnd(reader: Reader): void;
}

/**
 * Where a reader stands:
 * - `opening`: its position is being looked up, nothing may be written yet;
 * - `catching-up`: it is served from the log, page by page, as its network drains;
 * - `stranded`: as before, but the storage was lost; the stream stays open until it is back;
 * - `live`: it has everything, and frames are written as they come;
 * - `ended`.
 */
type ReaderState = 'opening' | 'catching-up' | 'stranded' | 'live' | 'ended';

/**
 * One open stream: a cursor over the session's log. Writes every event after its position exactly
 * once and in order, or says with `stream.reset` that it cannot (A23, A24).
 */
export class Reader {
  readonly channel: StreamChannel;
  /** Whom the reader counts for, if it said so. */
  readonly participantId: string | undefined;
  /** Where its requests come from, if that is known. */
  readonly address: string | undefined;
  readonly #host: ReaderHost;
  readonly #sink: StreamSink;
  readonly #outbox: Outbox;
  #state: ReaderState = 'opening';
  /** The last event (or snapshot) written to this connection; none before there is one (L13). */
  #cursor: Position | undefined;
  /** A reset that must be told before anything else. */
  #reset: ResetReason | undefined;
  /** What this connection was told last of the service. */
  #told: ServiceStatus | undefined;
  #pumping = false;

  constructor(
    sink: StreamSink,
    channel: StreamChannel,
    host: ReaderHost,
    who: { readonly participantId?: string | undefined; readonly address?: string | undefined },
  ) {
    this.#sink = sink;
    this.channel = channel;
    this.#host = host;
    this.participantId = who.participantId;
    this.address = who.address;
    this.#outbox = new Outbox(sink);
  }

  /** Listens to the network; called once. Ends the reader at once when its peer has gone already. */
  attach(): void {
    this.#sink.onDrain(() => this.wake());
    this.#sink.onClose(() => this.#finish());
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** Bytes that the network has taken so far, and whether more wait for it. */
  get progress(): { readonly taken: number; readonly waiting: boolean } {
    return { taken: this.#sink.taken, waiting: !this.#outbox.empty };
  }

  /**
   * Begins with `opening`, which tells how the service is, then goes on from there. Resolves when the
   * reader has everything or its network takes no more.
   */
  async start(opening: Uint8Array, begin: Beginning): Promise<void> {
    if (this.ended) return;
    this.#state = 'catching-up';
    this.#told = this.#host.service().status;
    this.#write(opening);
    this.#cursor = begin.position;
    this.#reset = begin.reset;
    await this.#pump(begin.page);
  }

  /** Entries were appended. A hole, a full network or a page under way are left to the log. */
  deliver(events: readonly LoggedEvent[]): void {
    if (this.#state !== 'live') return;
    for (const event of events) {
      const cursor = this.#cursor;
      if (cursor !== undefined && !isAfter(event.position, cursor)) continue;
      if (cursor === undefined || !this.#outbox.open || !follows(event.position, cursor)) {
        this.fallBehind();
        return;
      }
      this.#writeEvent(event);
      if (this.ended) return;
    }
  }

  /** Leaves the live state: what is missing will be read from the log. */
  fallBehind(): void {
    if (this.#state === 'live') this.#state = 'catching-up';
    this.wake();
  }

  /** A passing frame; dropped for a reader that does not keep up (A27). */
  pass(bytes: Uint8Array): void {
    if (this.#state === 'live' && this.#outbox.open) this.#write(bytes);
  }

  /** Tells how the service is; a reader that cannot be told now is told when it has caught up. */
  tellService(): void {
    const { status, frame } = this.#host.service();
    if (!this.#idle || this.#told === status || !this.#outbox.open) return;
    this.#told = status;
    this.#write(frame);
  }

  /** A heartbeat with the reader's own cursor; none while the socket is backed up (L13). */
  heartbeat(): void {
    const position = this.#cursor;
    if (!this.#idle || position === undefined || !this.#outbox.empty) return;
    const frame = passingFrame('heartbeat', { cursor: formatCursor(position) }, this.#host.now());
    this.#write(passingBytes(frame, { position }));
  }

  /** Writes a last frame, as far as the network takes it, and ends the response. */
  end(last?: Uint8Array): void {
    if (this.ended) return;
    if (last !== undefined && this.#outbox.open) this.#write(last);
    this.#sink.end();
    this.#finish();
  }

  /** Cuts the connection: the peer takes nothing any more. */
  destroy(): void {
    if (this.ended) return;
    this.#sink.destroy();
    this.#finish();
  }

  /** Goes on where the network or the log made it wait. */
  wake(): void {
    void this.#pump();
  }

  /** The storage is back: goes on where it stands. Resolves when it has to wait again, for whatever. */
  async resume(): Promise<void> {
    if (this.#state === 'stranded') this.#state = 'catching-up';
    await this.#pump();
  }

  /** Nothing else is being written: it has everything, or nothing to read from. */
  get #idle(): boolean {
    return this.#state === 'live' || this.#state === 'stranded';
  }

  /** `first` follows this reader's position, and was read since its channel listens (L12). */
  async #pump(first?: LogPage): Promise<void> {
    if (this.#pumping || this.ended || this.#state === 'opening') return;
    this.#pumping = true;
    let page = first;
    try {
      while (this.#outbox.flush() && this.#outbox.open && this.#state === 'catching-up') {
        if (this.#reset !== undefined) await this.#writeReset(this.#reset);
        else if (this.#cursor === undefined) await this.#writeSnapshot();
        else {
          await this.#writePage(this.#cursor, page);
          page = undefined;
        }
      }
    } catch (error) {
      if (isStorageLost(error)) this.#strand();
      else this.end(this.#host.farewell());
    } finally {
      // In the same step as the last look at state and network: what changes later calls `wake`.
      this.#pumping = false;
    }
  }

  #strand(): void {
    if (this.ended) return;
    this.#state = 'stranded';
    this.tellService();
    this.#host.onStranded(this);
  }

  async #writeReset(reason: ResetReason): Promise<void> {
    const extent = await this.#host.log.extent(this.channel.session);
    if (extent === undefined || this.ended) return this.end();
    this.#host.onReset(reason);
    const { epoch, first, last } = extent;
    const payload = {
      reason,
      lastCursor: formatCursor({ epoch, sequence: last }),
      oldestCursor: formatCursor({ epoch, sequence: first }),
    };
    this.#reset = undefined;
    // None until the snapshot is written: a heartbeat in between would skip it (L13).
    this.#cursor = undefined;
    this.#write(passingBytes(passingFrame('stream.reset', payload, this.#host.now())));
  }

  async #writeSnapshot(): Promise<void> {
    const cut = await this.#host.snapshotFrame(this.channel.session);
    if (this.ended) return;
    if (cut === undefined) return this.end();
    this.#cursor = cut.position;
    this.#write(cut.bytes);
  }

  async #writePage(cursor: Position, given: LogPage | undefined): Promise<void> {
    const { session } = this.channel;
    const page = given ?? (await this.#host.log.read(session, cursor, PAGE_EVENTS));
    if (this.ended) return;
    if (page === undefined) return this.end();
    this.#reset = resetReason(cursor, page.extent) ?? holeReason(cursor, page);
    if (this.#reset !== undefined) return;
    for (const event of page.events) {
      if (!this.#outbox.open) return;
      this.#writeEvent(event);
      if (this.ended) return;
    }
    // Live only at the end of the log, and if nothing was announced beyond it: the announcement
    // itself was dropped, since this reader was catching up.
    const last = this.#cursor ?? cursor;
    if (last.sequence < page.extent.last || this.channel.isAhead(last)) return;
    this.#state = 'live';
    this.tellService();
  }

  #writeEvent(event: LoggedEvent): void {
    this.#cursor = event.position;
    this.#write(eventBytes(this.channel.session, event));
    if (event.type === 'session.closed') this.end();
  }

  #write(bytes: Uint8Array): void {
    if (this.ended) return;
    this.#host.onFrame(bytes.length);
    this.#outbox.send(bytes);
  }

  #finish(): void {
    if (this.ended) return;
    this.#state = 'ended';
    this.#host.onEnd(this);
  }
}

function follows(next: Position, cursor: Position): boolean {
  return next.epoch === cursor.epoch && next.sequence === cursor.sequence + 1;
}

/** Trimming can overtake a reader between two pages (L12). */
function holeReason(cursor: Position, page: LogPage): ResetReason | undefined {
  let expected = cursor.sequence + 1;
  for (const event of page.events) {
    if (event.position.sequence !== expected) return 'history_trimmed';
    expected += 1;
  }
  return undefined;
}
