import type { SessionId } from '../../core/ids.ts';
import type { PresenceBook, PresenceEntry } from '../../ports/presence-book.ts';
import type { Participant } from '../../protocol/events.ts';
import type { SessionTable } from './session-table.ts';

interface Book {
  readonly entries: Map<
    string,
    { readonly till: number; readonly participants: readonly Participant[] }
  >;
  told: string;
}

/** Who reads, as the gateways of this process say: one, but for tests. */
export class MemoryPresenceBook implements PresenceBook {
  readonly #table: SessionTable;
  readonly #books = new Map<SessionId, Book>();

  constructor(table: SessionTable) {
    this.#table = table;
  }

  async announce(session: SessionId, entry: PresenceEntry, now: number): Promise<void> {
    const book = this.#books.get(session) ?? { entries: new Map(), told: '[]' };
    this.#books.set(session, book);
    const { gatewayId, participants, forMs } = entry;
    book.entries.set(gatewayId, { till: now + forMs, participants });
    const all = listOf(book, now);
    if (all.length === 0) this.#books.delete(session);
    const text = JSON.stringify(all);
    if (text === book.told) return;
    book.told = text;
    const payload = { participants: all };
    const frame = {
      type: 'presence.updated',
      timestamp: new Date(now).toISOString(),
      payload,
    } as const;
    this.#table.doorbell.ring(session, (listener) => listener.passing(frame));
  }

  async list(session: SessionId, now: number): Promise<readonly Participant[]> {
    const book = this.#books.get(session);
    return book === undefined ? [] : listOf(book, now);
  }
}

function listOf({ entries }: Book, now: number): readonly Participant[] {
  const joined = new Map<string, string>();
  for (const { till, participants } of entries.values()) {
    if (till <= now) continue;
    for (const { participantId, joinedAt } of participants) {
      const known = joined.get(participantId);
      if (known === undefined || joinedAt < known) joined.set(participantId, joinedAt);
    }
  }
  const key = ({ participantId, joinedAt }: Participant) => `${joinedAt} ${participantId}`;
  return [...joined]
    .map(([participantId, joinedAt]) => ({ participantId, joinedAt }))
    .toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}
