import { randomUUID } from 'node:crypto';
import type { SessionId } from '../../../core/ids.ts';
import type { GatewaySettings } from '../../../gateway/settings.ts';
import type { RedisKeys } from '../keys.ts';
import type { RedisLink } from '../link.ts';
import type { Script, ScriptArgument } from '../scripts.ts';
import { run } from '../scripts.ts';
import type { Reply, Written } from './refusal.ts';
import { isDone } from './refusal.ts';

/** How long the answer to a command is kept that must not be carried out twice. */
export const KEEP_REPLY_MS = 60_000;

/** The keys of a session; all in its slot, all with the same expiry but for `reply`. */
export type SessionPart =
  | 'state'
  | 'log'
  | 'bell'
  | 'keys'
  | 'answers'
  | 'answers-order'
  | 'departed'
  | 'tombstones';

/** In the order in which scripts take them that take all. */
export const SESSION_PARTS: readonly SessionPart[] = [
  'state',
  'log',
  'bell',
  'keys',
  'answers',
  'answers-order',
  'departed',
  'tombstones',
];

/** Told of a change: a key in the slot that was changed, and the replication id of the server then. */
export type Wrote = (key: string, replicationId: string) => void;

/** What every command on a session needs: where, under which names, within which limits. */
export class SessionSlot {
  readonly link: RedisLink;
  readonly names: RedisKeys;
  readonly settings: GatewaySettings;
  readonly #wrote: Wrote;

  constructor(
    link: RedisLink,
    names: RedisKeys,
    settings: GatewaySettings,
    wrote: Wrote = () => undefined,
  ) {
    this.link = link;
    this.names = names;
    this.settings = settings;
    this.#wrote = wrote;
  }

  /** The same, telling of each change that is made through it. */
  watched(wrote: Wrote): SessionSlot {
    return new SessionSlot(this.link, this.names, this.settings, wrote);
  }

  /** Entries of a log that are kept: at least one, which tells how far the log reached. */
  get history(): number {
    return Math.max(1, this.settings.historyEvents);
  }

  key(session: SessionId, part: SessionPart): string {
    return part === 'bell' ? this.names.sessionChannel(session) : this.names.session(session, part);
  }

  keys(session: SessionId, parts: readonly SessionPart[]): readonly string[] {
    return parts.map((part) => this.key(session, part));
  }

  /**
   * Where the answer to this one call is kept. Made once a call, so that a command that is sent
   * twice since its reply was lost is carried out once.
   */
  replyKey(session: SessionId): string {
    return this.names.session(session, `reply:${randomUUID()}`);
  }

  run<Reply>(
    script: Script<Reply>,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<Reply> {
    return run(this.link, script, keys, args);
  }

  /** Runs a script that changes a session; what it replied about that. */
  async write<Result extends readonly unknown[]>(
    script: Script<Written<Result>>,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<Reply<Result>> {
    return this.written(keys[0] ?? '', await this.run(script, keys, args));
  }

  /** Takes note of what a script has written; what it replied about that. */
  written<Result extends readonly unknown[]>(key: string, reply: Written<Result>): Reply<Result> {
    if (!isDone(reply)) return reply;
    const [state, replicationId, ...result] = reply;
    this.#wrote(key, replicationId);
    return [state, ...result];
  }
}
