import type { SessionId } from '../core/ids.ts';
import type { Participant } from '../protocol/events.ts';

/** What a gateway says of a session's readers that named themselves. */
export interface PresenceEntry {
  readonly gatewayId: string;
  readonly participants: readonly Participant[];
  /** It holds for so long; the gateway says it again before. */
  readonly forMs: number;
}

/**
 * Who reads a session, over all gateways (A7). A gateway that dies takes its readers with it, after a
 * while. Somebody who reads through several gateways is one participant, from the first on.
 */
export interface PresenceBook {
  /**
   * Takes the place of what this gateway said before. When the list is another one then, also because
   * another gateway said nothing for too long, all readers of the session are told by a
   * `presence.updated`: in the order of the changes, but best effort.
   */
  announce(session: SessionId, entry: PresenceEntry, now: number): Promise<void>;
  /** In the order in which they joined; nobody when there is no such session. */
  list(session: SessionId, now: number): Promise<readonly Participant[]>;
}
