import type { Redis } from 'ioredis';
import type { Logger } from '../../../ports/system.ts';
import { clientOptions } from '../client-options.ts';
import { before } from '../deadline.ts';
import { GatheringClient } from '../gathering-client.ts';
import type { RedisNode } from '../redis-node.ts';
import { redisNode } from '../redis-node.ts';
import type { RedisAddress } from '../redis-url.ts';
import { Lookout } from './lookout.ts';
import type { LookFailure, Topology } from './topology.ts';
import { mostTelling } from './topology.ts';

/** Between two questions who is primary, should no Sentinel have said that it changed. */
const ASK_EVERY_MS = 1_000;
/** A Sentinel that does not answer within this is left out. */
const ANSWER_MS = 700;
const SILENCE_MS = 2_000;
/** Where a Sentinel tells of every change of primary. */
const CHANGES = '+switch-master';

interface Answer {
  readonly node: RedisNode;
  /** Rises with every failover; the greater one knows better. */
  readonly epoch: number;
}

interface Sentinel {
  readonly node: RedisNode;
  readonly client: Redis;
  lastError: Error | undefined;
}

/**
 * The primary that Sentinels know by a name. All of them are asked all the time, not one when a
 * connection breaks: a primary that was cut off from everybody else keeps its connections, and what it
 * takes is lost; and a Sentinel that was cut off with it still calls it primary.
 */
export class SentinelTopology implements Topology {
  readonly #masterName: string;
  readonly #log: Logger;
  readonly #sentinels: readonly Sentinel[];
  readonly #lookout: Lookout;
  #primaries: readonly RedisNode[] = [];
  #epoch = -1;
  #lastFailure: LookFailure | undefined;

  constructor(address: RedisAddress, log: Logger) {
    this.#masterName = address.masterName;
    this.#log = log;
    const onChange = () => void this.refresh();
    this.#sentinels = address.nodes.map((node) => connect(node, address, onChange));
    this.#lookout = new Lookout(() => this.#look(), ASK_EVERY_MS);
    void this.refresh();
  }

  get primaries(): readonly RedisNode[] {
    return this.#primaries;
  }

  get lastFailure(): LookFailure | undefined {
    return this.#lastFailure;
  }

  primaryOf(_key: string): RedisNode | undefined {
    return this.#primaries[0];
  }

  refresh(): Promise<void> {
    return this.#lookout.refresh();
  }

  moved(): void {}

  onChange(listener: () => void): void {
    this.#lookout.onChange(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lookout[Symbol.dispose]();
    for (const { client } of this.#sentinels) client.disconnect();
  }

  async #look(): Promise<void> {
    const answers: Answer[] = [];
    const failures: LookFailure[] = [];
    const ask = async (sentinel: Sentinel) => {
      try {
        answers.push(await before(askSentinel(sentinel.client, this.#masterName), ANSWER_MS));
      } catch (error) {
        // Of one that cannot be reached, what the attempt to connect said tells more.
        const { node, client, lastError } = sentinel;
        failures.push({ node, error: client.status === 'ready' ? error : (lastError ?? error) });
      }
    };
    await Promise.all(this.#sentinels.map(ask));
    const best = answers.toSorted((a, b) => b.epoch - a.epoch)[0];
    if (best === undefined) {
      this.#lastFailure = mostTelling(failures);
      return this.#lookout.changed();
    }
    this.#lastFailure = undefined;
    // Who is behind was cut off; when most are, they were set up anew.
    const isMost = answers.length * 2 > this.#sentinels.length;
    if (best.epoch >= this.#epoch || isMost) this.#take(best);
  }

  #take({ node, epoch }: Answer): void {
    this.#epoch = epoch;
    const [known] = this.#primaries;
    if (known?.name === node.name) return;
    this.#primaries = [node];
    if (known !== undefined) {
      const change = { from: known.name, to: node.name };
      this.#log.warn('Redis has another primary', { name: this.#masterName, ...change });
    }
    this.#lookout.changed();
  }
}

function connect(
  node: RedisNode,
  { tls, sentinelUser }: RedisAddress,
  onChange: () => void,
): Sentinel {
  const name = 'maskwire-sentinel';
  const options = clientOptions({ node, tls, user: sentinelUser, name, silenceMs: SILENCE_MS });
  // Questions that come while it connects wait for that, each no longer than its deadline.
  const client = new GatheringClient({
    ...options,
    enableReadyCheck: false,
    enableOfflineQueue: true,
  });
  const sentinel: Sentinel = { node, client, lastError: undefined };
  client.on('error', (error: Error) => {
    sentinel.lastError = error;
  });
  client.on('ready', () => {
    client.subscribe(CHANGES).catch(() => undefined);
  });
  client.on('message', onChange);
  return sentinel;
}

async function askSentinel(client: Redis, masterName: string): Promise<Answer> {
  // Together, so that both answers are of the same moment.
  const [facts, address] = (await Promise.all([
    client.call('SENTINEL', 'MASTER', masterName),
    client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName),
  ])) as [facts: string[], address: [host: string, port: string]];
  const fact = (name: string) => facts[facts.indexOf(name) + 1] ?? '';
  const [host, port] = address;
  // Who leads a failover names the new primary before its epoch counts.
  const isAhead = host !== fact('ip') || port !== fact('port');
  const epoch = Number(fact('config-epoch')) + (isAhead ? 0.5 : 0);
  return { node: redisNode(host, Number(port)), epoch };
}
