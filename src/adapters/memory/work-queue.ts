import type { QueueItem } from '../../core/fair-queue.ts';
import { FairQueue } from '../../core/fair-queue.ts';
import type { Clock } from '../../ports/system.ts';
import type {
  ClaimRequest,
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

/** The pool of one process: {@link FairQueue} behind the port. */
export class MemoryWorkQueue implements WorkQueue {
  readonly #queue: FairQueue<Token>;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();

  constructor(limit: number, clock: Clock) {
    this.#queue = new FairQueue(limit);
    this.#clock = clock;
  }

  async enqueue(token: Token, _now: number): Promise<QueuePlace> {
    const place = this.#queue.enqueue(itemOf(token));
    this.#ring();
    return place;
  }

  async claim(request: ClaimRequest): Promise<Lease | undefined> {
    const { leaseMs, now } = request;
    const claimId = `${request.gatewayId} ${request.claimId}`;
    const lease = this.#queue.claim({ claimId, leaseMs, now });
    if (lease === undefined) return undefined;
    return { token: lease.value, fence: lease.fence, attempts: lease.attempts };
  }

  async renew(lease: Lease, leaseMs: number, now: number): Promise<boolean> {
    return this.#queue.renew(keyOf(lease.token), lease.fence, now + leaseMs);
  }

  async release(lease: Lease, { dirty, retryAt }: Release): Promise<void> {
    if (this.#queue.release(keyOf(lease.token), lease.fence, { dirty, retryAt })) this.#ring();
  }

  async expire(now: number): Promise<number> {
    const count = this.#queue.expire(now);
    if (count > 0) this.#ring();
    return count;
  }

  async preview(token: Token): Promise<number> {
    return this.#queue.preview(itemOf(token));
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

  onAvailable(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  async nextDue(): Promise<number | undefined> {
    return this.#queue.nextDue(this.#clock.now());
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
