import type { LogExtent, ResetReason } from '../../core/cursor.ts';
import { formatCursor, parseCursor } from '../../core/cursor.ts';
import { ProblemError } from '../../core/problem.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { SessionFacts } from '../../ports/session-store.ts';
import type { Clock } from '../../ports/system.ts';
import type { EventPage, Snapshot } from '../../protocol/bodies.ts';
import { envelopeOf } from './frames.ts';
import type { StreamStart } from './stream-start.ts';
import { lookUp } from './stream-start.ts';
import { waitForEvents } from './wait-for-events.ts';

export interface PageOptions {
  /** How long to hold the request while there is nothing, at most. */
  readonly waitMs: number;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** A26: the log as JSON pages, for readers that cannot hold a stream open. */
export class EventPages {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #snapshot: (session: SessionFacts['sessionId']) => Promise<Snapshot>;
  readonly #stopping: AbortSignal;

  /** @param stopping ends all waiting, when the gateway stops */
  constructor(
    log: EventLog,
    clock: Clock,
    snapshot: (session: SessionFacts['sessionId']) => Promise<Snapshot>,
    stopping: AbortSignal,
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#snapshot = snapshot;
    this.#stopping = stopping;
  }

  /** Events after the start; the snapshot when there is none, or when it is lost. */
  async page(session: SessionFacts, start: StreamStart, options: PageOptions): Promise<EventPage> {
    const { sessionId } = session;
    const first = await this.#read(sessionId, start, options.limit);
    if (first.events.length > 0 || first.snapshot !== undefined || options.waitMs <= 0)
      return first;
    await waitForEvents(this.#log, this.#clock, sessionId, {
      ms: options.waitMs,
      signals: [options.signal, this.#stopping],
      done: async () => (await this.#log.extent(sessionId))?.last !== lastOf(first),
    });
    return this.#read(sessionId, start, options.limit);
  }

  async #read(
    sessionId: SessionFacts['sessionId'],
    start: StreamStart,
    limit: number,
  ): Promise<EventPage> {
    const found = await lookUp(this.#log, sessionId, start, limit);
    if (found === undefined) throw gone(sessionId);
    const { extent, begin } = found;
    if (begin.position === undefined) {
      const snapshot = await this.#fromSnapshot(sessionId);
      return begin.reset ? { ...snapshot, reset: resetOf(begin.reset, extent) } : snapshot;
    }
    const { events } = begin.page;
    const position = events.at(-1)?.position ?? begin.position;
    return {
      events: events.map((event) => envelopeOf(sessionId, event)),
      cursor: formatCursor(position),
    };
  }

  async #fromSnapshot(sessionId: SessionFacts['sessionId']): Promise<EventPage> {
    const snapshot = await this.#snapshot(sessionId);
    return { events: [], cursor: snapshot.cursor, snapshot };
  }
}

function resetOf(reason: ResetReason, { epoch, first, last }: LogExtent) {
  const lastCursor = formatCursor({ epoch, sequence: last });
  return { reason, lastCursor, oldestCursor: formatCursor({ epoch, sequence: first }) };
}

function gone(sessionId: string): ProblemError {
  return new ProblemError('session_not_found', `There is no session ${sessionId}.`);
}

function lastOf(page: EventPage): number | undefined {
  return parseCursor(page.cursor)?.sequence;
}
