import PQueue from 'p-queue';
import type { LogExtent, Position } from '../../core/cursor.ts';
import type { SessionId } from '../../core/ids.ts';
import type { EventLog, LogListener, LogPage } from '../../ports/event-log.ts';
import type { PassingFrame } from '../../protocol/events.ts';
import { script } from './scripts.ts';
import type { StreamEntry } from './session/log-entry.ts';
import { parseEntry } from './session/log-entry.ts';
import { SessionBell } from './session/session-bell.ts';
import type { SessionSlot } from './session/session-slot.ts';
import type { RedisSubscriber } from './subscriber.ts';

type ReadReply = [epoch: number, first: number, last: number, entries: StreamEntry[]];

/** How many logs are looked at together after a broken connection: thousands may have to be. */
const CATCH_UPS = 16;

const READ = script<ReadReply | null>('session/read-2');

/**
 * The sessions' logs, one stream each. Doorbells bring the entries themselves, so that a reader that
 * keeps up costs no reading; one that was lost shows by the sequence, and after a broken connection
 * the newest entry is told again.
 */
export class RedisEventLog implements EventLog {
  readonly #slot: SessionSlot;
  readonly #subscriber: RedisSubscriber;
  readonly #bells = new Map<SessionId, SessionBell>();
  readonly #catchUps = new PQueue({ concurrency: CATCH_UPS });
  readonly #waiting = new Set<SessionBell>();

  constructor(slot: SessionSlot, subscriber: RedisSubscriber) {
    this.#slot = slot;
    this.#subscriber = subscriber;
  }

  async extent(session: SessionId): Promise<LogExtent | undefined> {
    return (await this.read(session, { epoch: 0, sequence: 0 }, 0))?.extent;
  }

  async read(session: SessionId, after: Position, limit: number): Promise<LogPage | undefined> {
    const keys = this.#slot.keys(session, ['state', 'log']);
    const reply = await this.#slot.run(READ, keys, [after.sequence, limit]);
    if (reply === null) return undefined;
    const [epoch, first, last, entries] = reply;
    const bell = this.#bells.get(session);
    const events = entries.map((entry) => bell?.event(entry) ?? parseEntry(entry));
    return { extent: { epoch, first, last }, events };
  }

  async subscribe(session: SessionId, listener: LogListener): Promise<() => void> {
    const bell = this.#bells.get(session) ?? this.#open(session);
    // A wrapper of its own, so that one listener subscribed twice can be ended once.
    const entry: LogListener = {
      appended: (events) => listener.appended(events),
      passing: (frame) => listener.passing(frame),
    };
    bell.listeners.add(entry);
    try {
      await bell.subscribed;
    } catch (error) {
      this.#leave(session, bell, entry);
      throw error;
    }
    return () => this.#leave(session, bell, entry);
  }

  pass(session: SessionId, frame: PassingFrame): void {
    const channel = this.#slot.key(session, 'bell');
    this.#slot.link
      .use((client) => client.spublish(channel, JSON.stringify(frame)), channel)
      .catch(() => undefined);
  }

  #open(session: SessionId): SessionBell {
    const bell = new SessionBell((again) => this.#resume(session, again));
    this.#bells.set(session, bell);
    bell.subscribed = this.#subscriber.subscribe(this.#slot.key(session, 'bell'), bell);
    return bell;
  }

  /** The connection was lost and is there again; once for all losses until its turn comes. */
  #resume(session: SessionId, bell: SessionBell): void {
    if (this.#waiting.has(bell)) return;
    this.#waiting.add(bell);
    void this.#catchUps.add(async () => {
      this.#waiting.delete(bell);
      if (this.#bells.get(session) === bell) await this.#catchUp(session, bell);
    });
  }

  /** Messages may have been missed: the newest entry shows the listeners whether. */
  async #catchUp(session: SessionId, bell: SessionBell): Promise<void> {
    try {
      const extent = await this.extent(session);
      if (extent === undefined) return;
      const before = { epoch: extent.epoch, sequence: extent.last - 1 };
      const page = await this.read(session, before, 1);
      if (page !== undefined && page.events.length > 0) bell.tell(page.events);
    } catch {
      // The storage is lost again; listeners compare their position from time to time anyway.
    }
  }

  #leave(session: SessionId, bell: SessionBell, entry: LogListener): void {
    bell.listeners.delete(entry);
    if (bell.listeners.size > 0 || this.#bells.get(session) !== bell) return;
    this.#bells.delete(session);
    void bell.subscribed.then(
      (end) => end(),
      () => undefined,
    );
  }
}
