import type { SessionId } from '../../core/ids.ts';
import type { WatchList, WatchSpan } from '../../ports/watch-list.ts';
import type { RedisConnections } from './connections.ts';
import type { RedisKeys } from './keys.ts';
import type { Script, ScriptArgument } from './scripts.ts';
import { run, script } from './scripts.ts';

/** Sessions that one script puts on the list: a few milliseconds of the server. */
const PAGE = 500;

const WATCH = script<1>('watch/watch-3');
const TAKE = script<SessionId[]>('watch/take-3');
const WATCH_PAGE = script<string>('watch/watch-page-3');

export interface WatchListOptions {
  readonly connections: Pick<RedisConnections, 'commands'>;
  readonly keys: RedisKeys;
  readonly sessionTtlMs: number;
  /** The list, and the index of all sessions, are forgotten when no session was used for this long. */
  readonly lifeMs: number;
  /** Whose time decides when a turn has come; the server's, unless a test has its own. */
  readonly time?: 'server' | 'caller';
}

/** Sessions that are looked after, beside the index of all, in a slot of their own. */
export class RedisWatchList implements WatchList {
  readonly #options: WatchListOptions;

  constructor(options: WatchListOptions) {
    this.#options = options;
  }

  async watch(session: SessionId, { forMs, everyMs }: WatchSpan, now: number): Promise<void> {
    const { sessionTtlMs, lifeMs } = this.#options;
    const endsAt = now + sessionTtlMs;
    await this.#run(WATCH, [session, forMs, everyMs, endsAt, lifeMs, this.#time(now)]);
  }

  async take(limit: number, everyMs: number, now: number): Promise<readonly SessionId[]> {
    return await this.#run(TAKE, [limit, everyMs, this.#time(now)]);
  }

  async watchAll(occasion: string, forMs: number, now: number): Promise<void> {
    const { connections, keys, lifeMs } = this.#options;
    const key = keys.watchOccasion();
    if ((await connections.commands.use((client) => client.get(key), key)) === occasion) return;
    let cursor = '0';
    do {
      cursor = await this.#run(WATCH_PAGE, [cursor, PAGE, forMs, lifeMs, this.#time(now)]);
    } while (cursor !== '0');
    await connections.commands.use((client) => client.set(key, occasion, 'PX', lifeMs), key);
  }

  #time(now: number): number | '' {
    return this.#options.time === 'caller' ? now : '';
  }

  #run<Reply>(command: Script<Reply>, args: readonly ScriptArgument[]): Promise<Reply> {
    return run(this.#options.connections.commands, command, this.#options.keys.watchList(), args);
  }
}
