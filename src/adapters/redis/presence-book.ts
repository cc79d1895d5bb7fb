import type { SessionId } from '../../core/ids.ts';
import type { PresenceBook, PresenceEntry } from '../../ports/presence-book.ts';
import type { Participant } from '../../protocol/events.ts';
import type { RedisConnections } from './connections.ts';
import type { RedisKeys } from './keys.ts';
import { run, script } from './scripts.ts';

const ANNOUNCE = script<0 | 1>('session/announce-2');
const PARTICIPANTS = script<string>('session/participants-1');

export interface PresenceBookOptions {
  readonly connections: Pick<RedisConnections, 'commands'>;
  readonly keys: RedisKeys;
  /** Whose time decides when a gateway is forgotten; the server's, unless a test has its own. */
  readonly time?: 'server' | 'caller';
}

/** Who reads a session, in its slot: a list that changes rings in the order of its changes. */
export class RedisPresenceBook implements PresenceBook {
  readonly #options: PresenceBookOptions;

  constructor(options: PresenceBookOptions) {
    this.#options = options;
  }

  async announce(session: SessionId, entry: PresenceEntry, now: number): Promise<void> {
    const { connections, keys } = this.#options;
    const { gatewayId, participants, forMs } = entry;
    const list = participants.map(({ participantId, joinedAt }) => [participantId, joinedAt]);
    const names = [this.#key(session), keys.sessionChannel(session)];
    const timestamp = new Date(now).toISOString();
    const args = [gatewayId, JSON.stringify(list), forMs, timestamp, this.#time(now)];
    await run(connections.commands, ANNOUNCE, names, args);
  }

  async list(session: SessionId, now: number): Promise<readonly Participant[]> {
    const { commands } = this.#options.connections;
    const text = await run(commands, PARTICIPANTS, [this.#key(session)], [this.#time(now)]);
    return JSON.parse(text) as Participant[];
  }

  #key(session: SessionId): string {
    return this.#options.keys.session(session, 'presence');
  }

  #time(now: number): number | '' {
    return this.#options.time === 'caller' ? now : '';
  }
}
