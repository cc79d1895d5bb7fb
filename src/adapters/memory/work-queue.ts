import { rankServers } from '../../core/affinity.ts';
import { ONLY_SERVER } from '../../core/burst/server-set.ts';
import type { QueueItem, ReleaseReply } from '../../core/fair-queue.ts';
import { FairQueue } from '../../core/fair-queue.ts';
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
import { safely } from './doorbell.ts';

let queues = 0;

/** The pool of one process: {@link FairQueue} behind the port. */
export class MemoryWorkQueue implements WorkQueue {
  readonly #queue: FairQueue<Token>;
  readonly #listeners = new Set<() => void>();
  readonly #generation: string;
  #servers: readonly ServerId[] = [ONLY_SERVER];

  /** Until the ceiling is set, it is where the limit starts. */
  constructor(limit: number) {
    this.#queue = new FairQueue(limit);
    this.#queue.setCeiling(limit, limit);
    queues += 1;
    this.#generation = `pool ${queues}`;
  }

  async enqueue(token: Token, entry: Entry): Promise<Enqueued> {
    const place = this.#queue.enqueue(this.#itemOf(token, entry));
    this.#ring();
    return { ...place, load: this.#queue.load(entry.now) };
  }

  async admit(token: Token, entry: Entry, maxWaitMs: number): Promise<Admission> {
    const { now } = entry;
    const refused = this.#queue.admit(this.#itemOf(token, entry), { now, maxWaitMs });
    return { refused, load: this.#queue.load(now) };
  }

  async claim({ gatewayId, claimId, most, leaseMs, now }: ClaimRequest): Promise<Claimed> {
    if (this.#queue.expire(now) > 0) this.#ring();
    const leases: Lease[] = [];
    while (leases.length < most) {
      const one = { claimId: `${gatewayId} ${claimId} ${leases.length}`, leaseMs, now };
      const lease = this.#queue.claim(one);
      if (lease === undefined) break;
      const { key: _, value: token, deadline: deadlineAt, ...rest } = lease;
      leases.push({ token, deadlineAt, ...rest });
    }
    return { leases, dueAt: this.#queue.nextDue(now), healths: this.#queue.healths(now) };
  }

  async renew(lease: Lease, leaseMs: number, now: number): Promise<boolean> {
    return this.#queue.renew(keyOf(lease.token), lease.fence, now + leaseMs);
  }

  async release(lease: Lease, { deadlineAt, ...how }: Release): Promise<ReleaseReply> {
    const release = { ...how, deadline: deadlineAt };
    const reply = this.#queue.release(keyOf(lease.token), lease.fence, release);
    if (reply === 'ended') this.#ring();
    return reply;
  }

  async place(token: Token): Promise<QueuePlace | undefined> {
    return this.#queue.place(keyOf(token));
  }

  async load(now: number): Promise<QueueLoad> {
    return this.#queue.load(now);
  }

  useServers(servers: readonly ServerId[], most?: number): void {
    this.#servers = servers;
    this.#queue.useServers(servers, most);
  }

  async setCeiling(ceiling: number, atLeast?: number, server?: ServerId): Promise<void> {
    this.#queue.setCeiling(ceiling, atLeast, server ?? this.#servers[0]);
    this.#ring();
  }

  /** It forgets nothing, as long as it lives. */
  async generation(): Promise<string> {
    return this.#generation;
  }

  onAvailable(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  #itemOf(token: Token, { deadlineAt, cost }: Entry): QueueItem<Token> {
    const { kind, sessionId } = token;
    const after = token.kind === 'segment' && token.after ? keyOf(token.after) : undefined;
    const only = token.kind === 'prepare' ? token.server : undefined;
    const image = this.#servers.length > 1 ? imageOf(token)?.imageId : undefined;
    return {
      key: keyOf(token),
      session: sessionId,
      kind,
      after,
      value: token,
      deadline: deadlineAt,
      cost,
      rank: image === undefined ? undefined : rankServers(image, this.#servers),
      only,
    };
  }

  #ring(): void {
    for (const listener of [...this.#listeners]) safely(listener);
  }
}
