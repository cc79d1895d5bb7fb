import { expect } from 'vitest';
import type { QueueCall, ReleaseReply } from '../../../src/core/fair-queue.ts';
import type { SessionId } from '../../../src/core/ids.ts';
import { objectId, sessionId } from '../../../src/core/ids.ts';
import type { Engine } from '../../../src/ports/engine.ts';
import type {
  Claimed,
  Lease,
  PrepareToken,
  QueuePlace,
  SegmentToken,
  Token,
} from '../../../src/ports/work-queue.ts';
import { freshSessionId, imageFacts, NOW, TENANT } from '../support.ts';

export const LEASE_MS = 10_000;

/** A pool with words for what is done to it. Sessions are named by a letter within one test. */
export class Pool {
  readonly queue: Engine['queue'];
  readonly #prefix = freshSessionId();
  #claims = 0;

  private constructor(engine: Engine) {
    this.queue = engine.queue;
  }

  static async open(engine: Engine, limit: number): Promise<Pool> {
    await engine.queue.setCeiling(limit, limit);
    return new Pool(engine);
  }

  session(name: string): SessionId {
    return sessionId(`${this.#prefix}${name}`);
  }

  /** `a1`: object 1 of session a. */
  token(name: string, after?: PrepareToken): SegmentToken {
    const owner = this.session(name.slice(0, 1));
    return { kind: 'segment', sessionId: owner, objectId: objectId(name), after };
  }

  prepare(owner: string, image: string, reference?: string): PrepareToken {
    const companion = reference && { blobId: reference, contentType: 'image/png' };
    const facts = imageFacts(image, companion ? { reference: companion } : {});
    return { kind: 'prepare', sessionId: this.session(owner), tenant: TENANT, image: facts };
  }

  async add(...tokens: (string | Token)[]) {
    const places: QueuePlace[] = [];
    for (const token of tokens) {
      const whole = typeof token === 'string' ? this.token(token) : token;
      const { load, ...place } = await this.queue.enqueue(whole, { now: NOW });
      expect(load).toEqual(await this.queue.load(NOW));
      places.push(place);
    }
    return places;
  }

  /** As many as are wanted at most. */
  claimSome(most: number, now = NOW, claimId?: string): Promise<Claimed> {
    this.#claims += 1;
    const id = claimId ?? `claim ${this.#claims}`;
    return this.queue.claim({ gatewayId: 'suite', claimId: id, most, leaseMs: LEASE_MS, now });
  }

  async claim(now = NOW, claimId?: string): Promise<Lease | undefined> {
    return (await this.claimSome(1, now, claimId)).leases[0];
  }

  /** Offers again what has run out, and claims nothing; when something is due. */
  async look(now = NOW): Promise<number | undefined> {
    return (await this.claimSome(0, now)).dueAt;
  }

  async leased(): Promise<number> {
    return (await this.queue.load(NOW)).leased;
  }

  async mustClaim(now = NOW): Promise<Lease> {
    const lease = await this.claim(now);
    if (lease === undefined) throw new Error('nothing may start');
    return lease;
  }

  done(lease: Lease, dirty = false, retryAt?: number): Promise<ReleaseReply> {
    return this.queue.release(lease, { dirty, retryAt, now: NOW });
  }

  /** Claims what is next, and releases it after that call. */
  async call(call: QueueCall, now = NOW, more: { retryAt?: number } = {}): Promise<ReleaseReply> {
    const lease = await this.mustClaim(now);
    return await this.queue.release(lease, { dirty: false, call, now, ...more });
  }

  /** So many calls of half a second each, one after the other, until now. */
  async callTimes(count: number, durationMs = 500): Promise<void> {
    const call = { kind: 'segment', result: 'ok', durationMs } as const;
    for (let n = 0; n < count; n += 1) {
      await this.add('z9');
      await this.call(call);
    }
  }

  /** Serves one after the other until nothing may start; their names in order. */
  async drain(now = NOW): Promise<string[]> {
    const served: string[] = [];
    for (let lease = await this.claim(now); lease; lease = await this.claim(now)) {
      served.push(nameOf(lease));
      await this.done(lease);
    }
    return served;
  }
}

/** `a1`, or that it is a preparation. */
export const nameOf = ({ token }: Lease) => (token.kind === 'segment' ? token.objectId : 'prepare');
