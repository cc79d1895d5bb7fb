import type { LogExtent, Position } from '../../core/cursor.ts';
import type { SessionId } from '../../core/ids.ts';
import type { EventLog, LogListener, LogPage } from '../../ports/event-log.ts';
import type { PassingFrame } from '../../protocol/events.ts';
import type { SessionTable } from './session-table.ts';

/** The sessions' logs as they are kept in the table; no doorbell is ever lost here. */
export class MemoryEventLog implements EventLog {
  readonly #table: SessionTable;

  constructor(table: SessionTable) {
    this.#table = table;
  }

  async extent(session: SessionId): Promise<LogExtent | undefined> {
    return this.#table.find(session)?.log.extent;
  }

  async read(session: SessionId, after: Position, limit: number): Promise<LogPage | undefined> {
    return this.#table.find(session)?.log.read(after.sequence, limit);
  }

  async subscribe(session: SessionId, listener: LogListener): Promise<() => void> {
    return this.#table.doorbell.subscribe(session, listener);
  }

  pass(session: SessionId, frame: PassingFrame): void {
    this.#table.doorbell.ring(session, (listener) => listener.passing(frame));
  }
}
