import type { LogExtent, Position } from '../../../core/cursor.ts';
import type { LoggedEvent, LogPage } from '../../../ports/event-log.ts';
import type { LoggedPayloads, LoggedType } from '../../../protocol/events.ts';

/** The newest entries of a session's log, in a ring: appending and trimming cost the same always. */
export class SessionLog {
  readonly #epoch: number;
  readonly #capacity: number;
  readonly #ring: LoggedEvent[] = [];
  #last = 0;
  #unannounced: LoggedEvent[] = [];

  /** Keeps exactly the newest `capacity` entries, at least one. */
  constructor(epoch: number, capacity: number) {
    this.#epoch = epoch;
    this.#capacity = Math.max(1, capacity);
  }

  append<Type extends LoggedType>(type: Type, payload: LoggedPayloads[Type], at: number): Position {
    this.#last += 1;
    const position: Position = { epoch: this.#epoch, sequence: this.#last };
    const event = { position, type, at, payload } as LoggedEvent;
    this.#ring[this.#last % this.#capacity] = event;
    this.#unannounced.push(event);
    return position;
  }

  get extent(): LogExtent {
    const first = Math.max(1, this.#last - this.#capacity + 1);
    return { epoch: this.#epoch, first, last: this.#last };
  }

  get position(): Position {
    return { epoch: this.#epoch, sequence: this.#last };
  }

  /** The entry of that number while it is kept. */
  at(sequence: number): LoggedEvent | undefined {
    const event = this.#ring[sequence % this.#capacity];
    return event?.position.sequence === sequence ? event : undefined;
  }

  read(after: number, limit: number): LogPage {
    const extent = this.extent;
    const events: LoggedEvent[] = [];
    for (let next = Math.max(after + 1, extent.first); next <= extent.last; next += 1) {
      const event = this.at(next);
      if (event === undefined || events.length >= limit) break;
      events.push(event);
    }
    return { extent, events };
  }

  /** What was appended since the last call: what listeners have not been told. */
  takeUnannounced(): readonly LoggedEvent[] {
    const events = this.#unannounced;
    this.#unannounced = [];
    return events;
  }
}
