import type { QueueItem } from '../../core/fair-queue.ts';
import { FairQueue } from '../../core/fair-queue.ts';
import type {
  Claimed,
  ClaimRequest,
  Enqueued,
  Lease,
  PrepareToken,
  Preview,
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

  constructor(limit: number) {
    this.#queue = new FairQueue(limit);
    queues += 1;
    this.#generation = `pool ${queues}`;
  }

  async enqueue(token: Token, _now: number): Promise<Enqueued> {
    const place = this.#queue.enqueue(itemOf(token));
    this.#ring();
    return { ...place, load: this.#queue.load };
  }

  async claim({ gatewayId, claimId, most, leaseMs, now }: ClaimRequest): Promise<Claimed> {
    if (this.#queue.expire(now) > 0) this.#ring();
    const leases: Lease[] = [];
    while (leases.length < most) {
      const one = { claimId: `${gatewayId} ${claimId} ${leases.length}`, leaseMs, now };
      const lease = this.#queue.claim(one);
      if (lease === undefined) break;
      leases.push({ token: lease.value, fence: lease.fence, attempts: lease.attempts });
    }
    return { leases, dueAt: this.#queue.nextDue(now) };
  }

  async renew(lease: Lease, leaseMs: number, now: number): Promise<boolean> {
    return this.#queue.renew(keyOf(lease.token), lease.fence, now + leaseMs);
  }

  async release(lease: Lease, { dirty, retryAt }: Release): Promise<void> {
    if (this.#queue.release(keyOf(lease.token), lease.fence, { dirty, retryAt })) this.#ring();
  }

  async preview(token: Token): Promise<Preview> {
    return { position: this.#queue.preview(itemOf(token)), load: this.#queue.load };
  }

  async place(token: Token): Promise<QueuePlace | undefined> {
    return this.#queue.place(keyOf(token));
  }

  async load(): Promise<QueueLoad> {
    return this.#queue.load;
  }

  async setLimit(limit: number): Promise<void> {
    this.#queue.setLimit(limit);
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

function itemOf(token: Token): QueueItem<Token> {
  const { kind, sessionId } = token;
  const after = token.kind === 'segment' && token.after ? prepareKey(token.after) : undefined;
  return { key: keyOf(token), session: sessionId, kind, after, value: token };
}
