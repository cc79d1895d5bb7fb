/** A real primary with its replica and Sentinels on free ports of 127.0.0.1. */

import { eventually } from '../support/eventually.ts';
import type { Certificate } from './redis-server.ts';
import { RedisServer, schemeOf } from './redis-server.ts';
import { haveSameOffset, isInStep, SETTLE_MS } from './replication.ts';
import { mustFind } from './support.ts';

const DOWN_AFTER_MS = 1_000;

interface SentinelSetup {
  readonly downAfterMs?: number;
  /** Of both servers. */
  readonly args?: readonly string[];
  /** That `args` asks for. */
  readonly password?: string;
  readonly certificate?: Certificate;
  /** That the Sentinels ask for. */
  readonly sentinelPassword?: string;
}

/** A primary with a replica, and three Sentinels that put the replica in its place when it is lost. */
export class SentinelGroup implements AsyncDisposable {
  static readonly masterName = 'maskwire';
  /** The primary and the replica at the start; a failover swaps them. */
  readonly servers: readonly [RedisServer, RedisServer];
  readonly sentinels: readonly RedisServer[];

  readonly #scheme: string;

  private constructor(
    servers: readonly [RedisServer, RedisServer],
    sentinels: readonly RedisServer[],
    scheme: string,
  ) {
    this.servers = servers;
    this.sentinels = sentinels;
    this.#scheme = scheme;
  }

  /** Resolves when the Sentinels know each other and the replica. */
  static async start(setup: SentinelSetup = {}) {
    const { downAfterMs = DOWN_AFTER_MS, args = [], sentinelPassword, ...access } = setup;
    const { password, certificate } = access;
    await using started = new AsyncDisposableStack();
    const common = ['--repl-diskless-sync-delay', '0', ...args];
    const primary = started.use(await RedisServer.start(common, access));
    const copy = ['--replicaof', '127.0.0.1', `${primary.port}`];
    const replica = started.use(await RedisServer.start([...common, ...copy], access));
    await eventually('the copy', () => isInStep(replica), SETTLE_MS);
    const sentinels: RedisServer[] = [];
    for (let n = 0; n < 3; n += 1) {
      const sentinel = await RedisServer.startSentinel(
        [
          `sentinel monitor ${SentinelGroup.masterName} 127.0.0.1 ${primary.port} 2`,
          `sentinel down-after-milliseconds ${SentinelGroup.masterName} ${downAfterMs}`,
          `sentinel failover-timeout ${SentinelGroup.masterName} ${4 * downAfterMs}`,
          ...(password === undefined
            ? []
            : [`sentinel auth-pass ${SentinelGroup.masterName} ${password}`]),
          ...(sentinelPassword === undefined ? [] : [`requirepass ${sentinelPassword}`]),
        ].join('\n'),
        { password: sentinelPassword, certificate },
      );
      sentinels.push(started.use(sentinel));
    }
    const group = new SentinelGroup([primary, replica], sentinels, schemeOf(access));
    await eventually('the Sentinels', () => group.#agreed(), SETTLE_MS);
    started.move();
    return group;
  }

  get url(): string {
    const hosts = this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join();
    return `${this.#scheme}+sentinel://${hosts}/${SentinelGroup.masterName}`;
  }

  /** Whom the Sentinel takes for the primary. */
  async primary(sentinel = mustFind(this.sentinels, () => true)): Promise<RedisServer> {
    const ask = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', SentinelGroup.masterName];
    const [, port] = (await sentinel.command(ask)) as [host: string, port: string];
    return mustFind(this.servers, (server) => server.port === Number(port));
  }

  /** Resolves when the replica has everything that the primary has. */
  async inStep(): Promise<void> {
    await eventually('the copy', () => haveSameOffset(this.servers), SETTLE_MS);
  }

  /** Resolves with the new primary when every Sentinel has seen the change. */
  async changedFrom(old: RedisServer): Promise<RedisServer> {
    const ask = async () => {
      const seen = await Promise.all(this.sentinels.map((sentinel) => this.primary(sentinel)));
      const [first = old] = seen;
      if (seen.some((server) => server === old)) throw new Error('not all have changed over');
      return first;
    };
    return await eventually('the failover', ask, SETTLE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.servers, ...this.sentinels];
    await Promise.all(all.map((server) => server[Symbol.asyncDispose]()));
  }

  async #agreed(): Promise<void> {
    for (const sentinel of this.sentinels) {
      const ask = ['SENTINEL', 'MASTER', SentinelGroup.masterName];
      const facts = factsOf((await sentinel.command(ask)) as string[]);
      const known = [facts.get('num-other-sentinels'), facts.get('num-slaves')].join();
      if (known !== '2,1') throw new Error(`a Sentinel knows ${known}`);
    }
  }
}

function factsOf(flat: readonly string[]): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  for (let n = 0; n + 1 < flat.length; n += 2) facts.set(flat[n] ?? '', flat[n + 1] ?? '');
  return facts;
}
