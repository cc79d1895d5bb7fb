/**
 * A primary on one side of a network that can be cut, its replica and three Sentinels on the other.
 * Whoever connects from {@link FAR} is on the other side; all of it is loopback, and each server is
 * reached through a proxy that lets one side in or both.
 */
import { RedisServer } from '../../redis/redis-server.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { eventually } from '../../support/eventually.ts';
import { FaultProxy } from '../fault-proxy.ts';

const NEAR = '127.0.0.1';
const FAR = '127.0.0.3';
const NAME = 'maskwire';
const SENTINELS = 3;
const SETTLE_MS = 60_000;

interface Reached {
  readonly server: RedisServer;
  readonly proxy: FaultProxy;
}

export interface DividedOptions {
  /** After so long without a word Sentinels take a primary for dead. */
  readonly downAfterMs: number;
  /** Of both servers. */
  readonly args?: readonly string[];
}

export class DividedRedis implements AsyncDisposable {
  readonly #primary: Reached;
  readonly #replica: Reached;
  readonly #sentinels: readonly Reached[];
  readonly #opened: AsyncDisposableStack;

  private constructor(
    primary: Reached,
    replica: Reached,
    sentinels: readonly Reached[],
    opened: AsyncDisposableStack,
  ) {
    this.#primary = primary;
    this.#replica = replica;
    this.#sentinels = sentinels;
    this.#opened = opened;
  }

  /** Resolves when the replica copies and the Sentinels know each other. */
  static async start({ downAfterMs, args = [] }: DividedOptions): Promise<DividedRedis> {
    await using started = new AsyncDisposableStack();
    const common = ['--repl-diskless-sync-delay', '0', ...args];
    const far = ['--bind-source-addr', FAR];
    const primary = await reached(started, RedisServer.start(common));
    const following = ['--replicaof', NEAR, `${primary.proxy.port}`];
    const replica = await reached(started, RedisServer.start([...common, ...far, ...following]));
    const sentinels: Reached[] = [];
    for (let n = 0; n < SENTINELS; n += 1) {
      const sentinel = RedisServer.startSentinel(`bind-source-addr ${FAR}`);
      sentinels.push(await reached(started, sentinel));
    }
    const divided = new DividedRedis(primary, replica, sentinels, started.move());
    try {
      await divided.#introduce(downAfterMs);
      return divided;
    } catch (error) {
      await divided[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** For gateways on the primary's side. */
  get url(): string {
    const hosts = this.#sentinels.map(({ proxy }) => `${NEAR}:${proxy.port}`).join();
    return `redis+sentinel://${hosts}/${NAME}`;
  }

  /** Nothing passes between the sides, and nothing is closed. */
  cut(): void {
    this.#primary.proxy.set({ blackHoleFrom: FAR });
    for (const { proxy } of this.#farServers) proxy.set({ blackHoleFrom: NEAR });
  }

  /** The primary hears nothing from the other side; gateways go on reaching everybody. */
  isolatePrimary(): void {
    this.#primary.proxy.set({ blackHoleFrom: FAR });
  }

  /** It is gone at once, with everything that it has not passed on. */
  async kill(): Promise<void> {
    await this.#primary.server.stop();
  }

  /** It comes back empty; only when another one has its place, or its replica would copy that. */
  async revive(): Promise<void> {
    await this.#primary.server.resume();
    await announce(this.#primary);
  }

  heal(): void {
    for (const { proxy } of [this.#primary, ...this.#farServers]) proxy.set({});
  }

  /** Resolves when the replica has everything that the primary has. */
  async inStep(): Promise<void> {
    const offsets = async () => {
      const servers = [this.#primary.server, this.#replica.server];
      const infos = await Promise.all(
        servers.map((server) => server.command(['INFO', 'replication'])),
      );
      const [one, other] = infos.map((info) => /master_repl_offset:\d+/.exec(String(info))?.[0]);
      if (one !== other) throw new Error(`${one}, ${other}`);
    };
    await eventually('the copy', offsets, SETTLE_MS);
  }

  /** Resolves when the Sentinels have put the replica in the primary's place. */
  async failedOver(): Promise<void> {
    await eventually('the failover', () => roleOf(this.#replica, 'role:master'), SETTLE_MS);
  }

  /** Resolves when the old primary copies the new one. */
  async rejoined(): Promise<void> {
    const check = () => roleOf(this.#primary, 'master_link_status:up');
    await eventually('the old primary to follow', check, SETTLE_MS);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }

  get #farServers(): readonly Reached[] {
    return [this.#replica, ...this.#sentinels];
  }

  async #introduce(downAfterMs: number): Promise<void> {
    for (const one of [this.#primary, this.#replica]) await announce(one);
    const inStep = () => roleOf(this.#replica, 'master_link_status:up');
    await eventually('the copy', inStep, SETTLE_MS);
    // It tells its address when it connects; until then it was another one.
    await this.#primary.server.command(['CLIENT', 'KILL', 'TYPE', 'replica']);
    await eventually(
      'the address',
      () => roleOf(this.#primary, `port=${this.#replica.proxy.port},state=online`),
      SETTLE_MS,
    );
    for (const { server, proxy } of this.#sentinels) {
      await server.command(['SENTINEL', 'CONFIG', 'SET', 'announce-ip', NEAR]);
      await server.command(['SENTINEL', 'CONFIG', 'SET', 'announce-port', proxy.port]);
      await server.command(['SENTINEL', 'MONITOR', NAME, NEAR, this.#primary.proxy.port, 2]);
      const timing = ['down-after-milliseconds', downAfterMs, 'failover-timeout', 4 * downAfterMs];
      await server.command(['SENTINEL', 'SET', NAME, ...timing]);
    }
    await eventually('the Sentinels', () => this.#known(), SETTLE_MS);
  }

  async #known(): Promise<void> {
    for (const { server } of this.#sentinels) {
      const facts = (await server.command(['SENTINEL', 'MASTER', NAME])) as string[];
      const fact = (name: string) => facts[facts.indexOf(name) + 1];
      const known = [fact('num-other-sentinels'), fact('num-slaves'), fact('flags')].join();
      if (known !== `${SENTINELS - 1},1,master`) throw new Error(`a Sentinel knows ${known}`);
    }
  }
}

async function reached(
  started: AsyncDisposableStack,
  starting: Promise<RedisServer>,
): Promise<Reached> {
  const server = started.use(await starting);
  const proxy = started.use(await FaultProxy.open(server.port, new SeededRandom(server.port)));
  return { server, proxy };
}

/** Others find it behind its proxy. */
async function announce({ server, proxy }: Reached): Promise<void> {
  await server.command(['CONFIG', 'SET', 'replica-announce-ip', NEAR]);
  await server.command(['CONFIG', 'SET', 'replica-announce-port', proxy.port]);
}

async function roleOf({ server }: Reached, fact: string): Promise<void> {
  const info = String(await server.command(['INFO', 'replication']));
  if (!info.includes(fact)) throw new Error(`${server.port}: no ${fact}`);
}
