import { randomUUID } from 'node:crypto';
import { rankServers } from '../../core/affinity.ts';
import type { ServerHealth } from '../../core/burst/server-control.ts';
import { healthOfAll } from '../../core/burst/server-control.ts';
import { ONLY_SERVER } from '../../core/burst/server-set.ts';
import { TURN_COST } from '../../core/fair-queue/item.ts';
import type { ReleaseReply } from '../../core/fair-queue.ts';
import type { ServerId } from '../../core/ids.ts';
import type {
  Admission,
  Claimed,
  ClaimRequest,
  Enqueued,
  Entry,
  Lease,
  QueueLoad,
  QueuePlace,
  Release,
  Token,
  WorkQueue,
} from '../../ports/work-queue.ts';
import { imageOf, keyOf } from '../token-keys.ts';
import type { RedisConnections } from './connections.ts';
import type { RedisKeys } from './keys.ts';
import type { LeaseReply, Load } from './pool-scripts.ts';
import { POOL } from './pool-scripts.ts';
import { safely } from './safely.ts';
import type { Script, ScriptArgument } from './scripts.ts';
import { run } from './scripts.ts';
import { TurnBatch } from './turn-batch.ts';

export interface WorkQueueOptions {
  readonly connections: Pick<RedisConnections, 'commands' | 'subscriber'>;
  readonly keys: RedisKeys;
  /** The pool is forgotten when no gateway has touched it for this long. */
  readonly lifeMs: number;
  /**
   * Whose time decides when leases and retries are due. The server's, unless told otherwise: the
   * clocks of gateways differ and jump, and one that is an hour ahead would end every lease. Tests
   * with a time of their own need the caller's.
   */
  readonly time?: 'server' | 'caller';
}

/** Keys that came into being since have no life time yet; claims give them one every few seconds. */
const KEEP_EVERY_MS = 1_000;

/** The pool of all gateways that share a Redis; its rules are in `lua/pool`. */
export class RedisWorkQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #pool: readonly string[];
  readonly #bell: string;
  /** By which it knows its own rings: its listeners have been told when it sent the command. */
  readonly #name = randomUUID();
  readonly #listeners = new Set<() => void>();
  readonly #entries = new TurnBatch(this.#enqueue.bind(this));
  #servers: readonly ServerId[] = [ONLY_SERVER];
  /** As scripts are told them: see `lua/pool/burst.lua`. */
  #told: string = ONLY_SERVER;
  /** Set again by the next claim when the pool has lost them. */
  readonly #ceilings = new Map<ServerId, number>();
  #keptAt = Number.NEGATIVE_INFINITY;
  /** How often what waits may have changed: by commands of ours, or others that have rung. */
  #changes = 0;
  /** False when the last of them was a claim, and left nothing: then a place that becomes free is no news. */
  #mayWait = true;
  /** Of the server that has taken the limit: another one may have lost leases. */
  #replicationId = '';

  private constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#pool = options.keys.pool();
    this.#bell = options.keys.poolChannel();
  }

  /** Resolves when its doorbell is heard. */
  static async open(options: WorkQueueOptions): Promise<RedisWorkQueue> {
    const queue = new RedisWorkQueue(options);
    await options.connections.subscriber.subscribe(queue.#bell, {
      message: (ringer) => {
        if (ringer === queue.#name) return;
        queue.#change();
        queue.#ring();
      },
      // After a loss of the connection something may have rung unheard.
      resumed: () => queue.#ring(),
    });
    return queue;
  }

  enqueue(token: Token, entry: Entry): Promise<Enqueued> {
    return this.#entries.ask(JSON.stringify(token), { token, entry });
  }

  async admit(token: Token, { now, deadlineAt }: Entry, maxWaitMs: number): Promise<Admission> {
    const { sessionId, kind } = token;
    const left = spanTo(deadlineAt, now);
    const args = [keyOf(token), sessionId, kind, left, maxWaitMs, this.#time(now), this.#told];
    const [etaMs, ...load] = await this.#run(POOL.admit, args);
    return { refused: etaMs === '' ? undefined : { etaMs }, load: loadOf(load) };
  }

  async claim({ gatewayId, claimId, most, leaseMs, now }: ClaimRequest): Promise<Claimed> {
    const number = this.#change();
    const reply = await this.#run(POOL.claim, [
      `${gatewayId} ${claimId}`,
      most,
      leaseMs,
      this.#time(now),
      this.#servers.map((server) => this.#ceilings.get(server) ?? 0).join(' '),
      this.#life,
      this.#replicationId,
      this.#bell,
      this.#told,
    ]);
    const waiting = reply.pop() as number;
    if (this.#changes === number) this.#mayWait = waiting > 0;
    const healths = healthsOf(reply.pop() as string);
    const dueInMs = reply.pop() as number | '';
    const leases = (reply as LeaseReply[]).map((lease) => leaseOf(lease, now));
    return { leases, dueAt: dueInMs === '' ? undefined : now + dueInMs, healths };
  }

  async renew(lease: Lease, leaseMs: number, now: number): Promise<boolean> {
    const args = [keyOf(lease.token), lease.fence, leaseMs, this.#time(now)];
    return (await this.#run(POOL.renew, args)) === 1;
  }

  release(lease: Lease, release: Release): Promise<ReleaseReply> {
    const { dirty, retryAt, call, deadlineAt, healing, now } = release;
    return this.#runAndRing(POOL.release, [
      ...[keyOf(lease.token), lease.fence, dirty ? 1 : 0, spanTo(retryAt, now), this.#time(now)],
      ...[this.#life, this.#bell],
      ...[call?.kind ?? '', call?.result ?? '', call?.durationMs ?? '', spanTo(deadlineAt, now)],
      ...[healing ? 1 : 0, this.#name],
    ]);
  }

  async place(token: Token): Promise<QueuePlace | undefined> {
    const reply = await this.#run(POOL.place, [keyOf(token)]);
    return reply === null ? undefined : { state: reply[0], position: reply[1] };
  }

  async load(now: number): Promise<QueueLoad> {
    return loadOf(await this.#run(POOL.load, [this.#time(now), this.#told]));
  }

  useServers(servers: readonly ServerId[], most = 0): void {
    this.#servers = servers;
    this.#told = servers.length === 1 ? servers.join() : [most, ...servers].join(' ');
  }

  async setCeiling(
    ceiling: number,
    atLeast = 1,
    server = this.#servers[0] ?? ONLY_SERVER,
  ): Promise<void> {
    this.#ceilings.set(server, ceiling);
    const args = [ceiling, atLeast, this.#life, this.#bell, server];
    this.#replicationId = await this.#run(POOL.setCeiling, args);
  }

  generation(): Promise<string> {
    return this.#run(POOL.generation, [this.#options.lifeMs]);
  }

  onAvailable(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** The same token, asked for several times at the same moment: the first adds it, the others merge. */
  async #enqueue(
    value: string,
    entries: readonly { readonly token: Token; readonly entry: Entry }[],
  ): Promise<Enqueued[]> {
    const [first, ...others] = entries;
    if (first === undefined) return [];
    const { token } = first;
    const after = token.kind === 'segment' && token.after ? keyOf(token.after) : '';
    const only = token.kind === 'prepare' ? (token.server ?? '') : '';
    const { now, deadlineAt, cost } = others.reduce(
      (latest, { entry }) => (isLater(entry, latest) ? entry : latest),
      first.entry,
    );
    this.#change();
    const [state, position, ...load] = await this.#runAndRing(POOL.enqueue, [
      ...[keyOf(token), token.sessionId, token.kind, after, value, this.#life, this.#bell],
      ...[cost ?? TURN_COST, spanTo(deadlineAt, now), this.#time(now)],
      ...[this.#told, this.#rankOf(token), only, this.#name],
    ]);
    const added = { state, position, load: loadOf(load) };
    const merged = state === 'queued' ? ({ ...added, state: 'merged' } as const) : added;
    return [added, ...others.map(() => merged)];
  }

  #change(): number {
    this.#mayWait = true;
    this.#changes += 1;
    return this.#changes;
  }

  /** Once in a while: see `keep` in `lua/pool/lib.lua`. */
  get #life(): number | '' {
    const now = performance.now();
    if (now < this.#keptAt + KEEP_EVERY_MS) return '';
    this.#keptAt = now;
    return this.#options.lifeMs;
  }

  /** Of a single server there is nothing to say. */
  #rankOf(token: Token): string {
    const image = imageOf(token)?.imageId;
    if (image === undefined || this.#servers.length === 1) return '';
    return rankServers(image, this.#servers).join(' ');
  }

  #time(now: number): number | '' {
    return this.#options.time === 'caller' ? now : '';
  }

  #run<Reply>(script: Script<Reply>, args: readonly ScriptArgument[]): Promise<Reply> {
    return run(this.#options.connections.commands, script, this.#pool, args);
  }

  /**
   * Rings here as soon as the command is on its way, if anything waits: a claim that is given now is
   * carried out after it, in the same round trip. If it was not, it rings once more.
   */
  async #runAndRing<Reply>(script: Script<Reply>, args: readonly ScriptArgument[]): Promise<Reply> {
    const { commands } = this.#options.connections;
    const { reorderings } = commands;
    const reply = this.#run(script, args);
    if (this.#mayWait) this.#ring();
    try {
      return await reply;
    } finally {
      if (commands.reorderings !== reorderings) this.#ring();
    }
  }

  #ring(): void {
    for (const listener of [...this.#listeners]) safely(listener);
  }
}

const isLater = (one: Entry, other: Entry) => (one.deadlineAt ?? 0) > (other.deadlineAt ?? 0);

/** The scripts are told spans, because they go by the server's clock. */
function spanTo(at: number | undefined, now: number): number | '' {
  return at === undefined ? '' : at - now;
}

function loadOf([waiting, leased, limit, ceiling, healths, callMs, foreseen]: Load): QueueLoad {
  const health = healthOfAll(healthsOf(healths));
  return { waiting, leased, limit, foreseen, ceiling, health, callMs };
}

const healthsOf = (text: string) => text.split(' ') as ServerHealth[];

/** The value is what `enqueue` of a gateway has written. */
function leaseOf(
  [value, fence, attempts, leftMs, overdue, server, healed]: LeaseReply,
  now: number,
): Lease {
  return {
    token: JSON.parse(value) as Token,
    fence: Number(fence),
    attempts,
    deadlineAt: leftMs === '' ? undefined : now + leftMs,
    overdue: overdue === 1,
    server,
    healed: healed === 1,
  };
}
