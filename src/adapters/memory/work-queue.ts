import type { QueueItem, ReleaseReply } from '../../core/fair-queue.ts';
import { FairQueue } from '../../core/fair-queue.ts';
import type {
  Admission,
  Claimed,
  ClaimRequest,
  Enqueued,
  Entry,
  Lease,
  PrepareToken,
  QueueLoad,
  QueuePlace,
  Release,
  SegmentToken,
  Token,
  WorkQueue,
} from '../../ports/work-queue.ts';
import { safely } from './doorbell.ts';

const segmentKey = ({ sessionId, objectId }: SegmentToken) => `segment ${sessionId} ${objectId}`;
// The tenant comes last because it is the only part that may contain a blank.
const prepareKey = ({ image, tenant }: PrepareToken) =>
  `prepare ${image.imageId} ${image.reference?.blobId ?? ''} ${tenant}`;
const keyOf = (token: Token) => (token.kind === 'segment' ? segmentKey(token) : prepareKey(token));

let queues = 0;

/** The pool of one process: {@link FairQueue} behind the port. */
export class MemoryWorkQueue implements WorkQueue {
  readonly #queue: FairQueue<Token>;
  readonly #listeners = new Set<() => void>();
  readonly #generation: string;

  /** Until the ceiling is set, it is where the limit starts. */
  constructor(limit: number) {
    this.#queue = new FairQueue(limit);
    this.#queue.setCeiling(limit, limit);
    queues += 1;
    this.#generation = `pool ${queues}`;
  }

  async enqueue(token: Token, entry: Entry): Promise<Enqueued> {
    const place = this.#queue.enqueue(itemOf(token, entry));
    this.#ring();
    return { ...place, load: this.#queue.load(entry.now) };
  }

  async admit(token: Token, entry: Entry, maxWaitMs: number): Promise<Admission> {
    const { now } = entry;
    const refused = this.#queue.admit(itemOf(token, entry), { now, maxWaitMs });
    return { refused, load: this.#queue.load(now) };
  }

  async claim({ gatewayId, claimId, most, leaseMs, now }: ClaimRequest): Promise<Claimed> {
    if (this.#queue.expire(now) > 0) this.#ring();
    const leases: Lease[] = [];
    while (leases.length < most) {
      const one = { claimId: `${gatewayId} ${claimId} ${leases.length}`, leaseMs, now };
      const lease = this.#queue.claim(one);
      if (lease === undefined) break;
      const { value: token, fence, attempts, deadline: deadlineAt, overdue } = lease;
      leases.push({ token, fence, attempts, deadlineAt, overdue });
    }
    const { health } = this.#queue.load(now);
    return { leases, dueAt: this.#queue.nextDue(now), health };
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

  async setCeiling(ceiling: number, atLeast?: number): Promise<void> {
    this.#queue.setCeiling(ceiling, atLeast);
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

  #ring(): void {
    for (const listener of [...this.#listeners]) safely(listener);
  }
}

function itemOf(token: Token, { deadlineAt, cost }: Entry): QueueItem<Token> {
  const { kind, sessionId } = token;
  const after = token.kind === 'segment' && token.after ? prepareKey(token.after) : undefined;
  const key = keyOf(token);
  return { key, session: sessionId, kind, after, value: token, deadline: deadlineAt, cost };
}
