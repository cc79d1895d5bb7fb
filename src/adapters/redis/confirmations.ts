import type { Logger } from '../../ports/system.ts';
import { COMMAND_SILENCE_MS } from './connections.ts';
import { isReply, storageUnavailable } from './failure.ts';
import { GroupCommit } from './group-commit.ts';
import type { LinkOptions } from './link.ts';
import { RedisLink } from './link.ts';
import { script } from './scripts.ts';

/**
 * How long replicas may take to acknowledge. They answer at once, so that this is some hundred times a
 * round trip; what it has to bear is a replica that forks or syncs its file.
 */
const WAIT_MS = 300;
/** Of a whole confirmation, reconnecting included. */
const DEADLINE_MS = 2 * WAIT_MS;
/** Bounds what piles up while replicas do not acknowledge. */
const MAX_WAITING = 10_000;
/** Replicas report every second. */
const MAX_LAG_SECONDS = 2;

const MARK = script<string>('replication/mark-1');

/** Says of changes that were made whether they are as durable as was asked for. */
export interface Confirmations extends AsyncDisposable {
  /**
   * Of the change that made its server reply this replication id, `key` being among what it touched.
   * Rejects with `storage_unavailable` when it may be lost.
   */
  confirm(key: string, replicationId: string): Promise<void>;
  /** Rejects with `storage_unavailable` while changes cannot be confirmed. */
  check(): Promise<void>;
}

/** Whoever has a reply of the primary has all that is promised. */
export const UNCONFIRMED: Confirmations = {
  confirm: () => Promise.resolve(),
  check: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/**
 * Confirms that a replica has a change, too, on connections of its own: WAIT stalls the one that it is
 * given on.
 *
 * It does not matter on which connection a change was made, only under which replication id. A primary
 * never has the same one twice: one that has it before the change and after the WAIT has been the same
 * primary all the while, and what is acknowledged to it includes the change. With another one the
 * change may be lost, and is not confirmed.
 */
export class ReplicaConfirmations implements Confirmations {
  readonly #link: RedisLink;
  readonly #log: Logger;
  /** By replication id, as long as somebody waits. */
  readonly #groups = new Map<string, GroupCommit>();
  #waiting = 0;
  #confirming = true;

  constructor(options: Pick<LinkOptions, 'address' | 'topology' | 'log'>) {
    const limits = { deadlineMs: DEADLINE_MS, silenceMs: COMMAND_SILENCE_MS };
    this.#link = new RedisLink({ ...options, ...limits, name: 'maskwire-sync' });
    this.#log = options.log;
  }

  async confirm(key: string, replicationId: string): Promise<void> {
    if (this.#waiting >= MAX_WAITING) {
      throw storageUnavailable('The storage does not confirm fast enough');
    }
    this.#waiting += 1;
    try {
      await this.#groupOf(replicationId).confirm(key);
    } finally {
      this.#waiting -= 1;
    }
  }

  async check(): Promise<void> {
    const replicas = await this.#link.useAll(async (client) =>
      followers(await client.info('replication')),
    );
    if (replicas.includes(0)) throw storageUnavailable('No replica follows');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#link[Symbol.asyncDispose]();
  }

  #groupOf(replicationId: string): GroupCommit {
    const group =
      this.#groups.get(replicationId) ??
      new GroupCommit({
        isCommitted: async (key) => (await this.#acknowledged(key)) === replicationId,
        onIdle: () => this.#groups.delete(replicationId),
      });
    this.#groups.set(replicationId, group);
    return group;
  }

  /** The replication id of the key's primary, when a replica has all that it had at the call. */
  async #acknowledged(key: string): Promise<string | undefined> {
    try {
      const [before, replicas, info] = await this.#link.use(
        (client) =>
          Promise.all([
            client.eval(MARK.source, MARK.keyCount, `${key}:mark`),
            client.wait(1, WAIT_MS),
            client.info('replication'),
          ]),
        key,
      );
      if (replicas < 1) throw storageUnavailable('No replica has confirmed the change in time');
      this.#become(true);
      return info.includes(`master_replid:${before}`) ? String(before) : undefined;
    } catch (error) {
      this.#become(false, error);
      // A primary that is demoted ends its WAITs with an error of their own.
      throw isReply(error) ? storageUnavailable('The storage is changing over', error) : error;
    }
  }

  #become(confirming: boolean, error?: unknown): void {
    if (confirming === this.#confirming) return;
    this.#confirming = confirming;
    const reason = error instanceof Error ? error.message : 'unknown';
    if (confirming) this.#log.info('replicas confirm changes again');
    else this.#log.warn('no replica confirms changes: they are refused', { error: reason });
  }
}

const FOLLOWER = /^slave\d+:.*\bstate=online,.*\blag=(\d+)/gm;

/** Replicas of a primary that are in step, as it says of itself. */
function followers(info: string): number {
  return [...info.matchAll(FOLLOWER)].filter(([, lag]) => Number(lag) <= MAX_LAG_SECONDS).length;
}
