import { describe, expect, it } from 'vitest';
import { TURN_COST } from '../../src/core/fair-queue/item.ts';
import type { QueueCall, ReleaseReply } from '../../src/core/fair-queue.ts';
import type { SessionId } from '../../src/core/ids.ts';
import { objectId, sessionId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type {
  Claimed,
  Lease,
  PrepareToken,
  QueuePlace,
  SegmentToken,
  Token,
} from '../../src/ports/work-queue.ts';
import type { OpenEngine } from './support.ts';
import { freshSessionId, imageFacts, NOW, TENANT, within } from './support.ts';

const LEASE_MS = 10_000;

/** A pool with words for what is done to it. Sessions are named by a letter within one test. */
class Pool {
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

const nameOf = ({ token }: Lease) => (token.kind === 'segment' ? token.objectId : 'prepare');

/** What every engine's `WorkQueue` holds: L5, the fair order, and the ceiling. */
export function workQueueContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} work queue: order`, () => {
    it('serves sessions in turn, and objects of a session in turn', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2', 'a3', 'b1', 'c1', 'b2');
      expect(await pool.drain()).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
    });

    it('A13 keeps the place of a token that is enqueued again', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'b1', 'c1');
      expect(await pool.add('b1', 'b1')).toEqual([
        { state: 'merged', position: 1 },
        { state: 'merged', position: 1 },
      ]);
      expect(await pool.drain()).toEqual(['a1', 'b1', 'c1']);
    });

    it('A13 merges a token that is enqueued several times at one moment; the latest deadline counts', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('b1');
      const spans = [1_000, 3_000, 2_000];
      const places = await Promise.all(
        spans.map((ms) => pool.queue.enqueue(pool.token('a1'), { now: NOW, deadlineAt: NOW + ms })),
      );
      expect(places.map(({ state, position }) => [state, position])).toEqual([
        ['queued', 1],
        ['merged', 1],
        ['merged', 1],
      ]);
      expect(places[2]?.load).toEqual(await pool.queue.load(NOW));
      await pool.drain();
    });

    it('A12 tells how many are served before a token', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      const places = await pool.add('a1', 'a2', 'b1');
      expect(places).toEqual([
        { state: 'queued', position: 0 },
        { state: 'queued', position: 1 },
        { state: 'queued', position: 1 },
      ]);
      expect(await pool.queue.place(pool.token('a2'))).toEqual({ state: 'queued', position: 2 });
      expect(await pool.queue.place(pool.token('z9'))).toBeUndefined();
    });

    it('serves a session by the weight of its tenant', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'b4']) {
        const cost = name.startsWith('a') ? TURN_COST / 2 : TURN_COST;
        await pool.queue.enqueue(pool.token(name), { now: NOW, cost });
      }
      expect(await pool.drain()).toEqual(['a1', 'b1', 'a2', 'a3', 'b2', 'a4', 'b3', 'b4']);
    });

    it('lets nobody save up turns while idle', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2', 'a3', 'a4');
      for (let n = 0; n < 2; n += 1) await pool.done(await pool.mustClaim());
      await pool.add('b1', 'b2', 'b3');
      expect(await pool.drain()).toEqual(['b1', 'a3', 'b2', 'a4', 'b3']);
    });

    it('puts a session that is being served behind one that is not', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      const lease = await pool.mustClaim();
      await pool.add('a2', 'b1');
      await pool.done(lease);
      expect(await pool.drain()).toEqual(['b1', 'a2']);
    });

    it('L5 offers a token that is dirty again at the tail', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2', 'b1');
      const lease = await pool.mustClaim();
      await pool.done(lease, true);
      expect(await pool.drain()).toEqual(['b1', 'a2', 'a1']);
    });

    it('counter-example 3: a token enqueued while leased is not lost by its release', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2');
      const lease = await pool.mustClaim();
      expect(await pool.add('a1')).toEqual([{ state: 'running', position: 0 }]);
      expect(await pool.queue.place(pool.token('a1'))).toMatchObject({ state: 'running' });
      await pool.done(lease);
      expect(await pool.drain()).toEqual(['a2', 'a1']);
    });
  });

  describe(`${engineName} work queue: preparations`, () => {
    it('A11 serves preparations after everything that somebody waits for', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      const prepare = pool.prepare('a', 'cat');
      await pool.add(prepare, 'b1', 'b2');
      expect(await pool.queue.place(prepare)).toEqual({ state: 'queued', position: 2 });
      expect(await pool.drain()).toEqual(['b1', 'b2', 'prepare']);
    });

    it('A11 prepares one content once, with and without reference apart', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add(pool.prepare('a', 'cat'), pool.prepare('b', 'cat'));
      await pool.add(pool.prepare('a', 'cat', 'mask'), pool.prepare('a', 'dog'));
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 3 });
    });

    it('A11 brings a preparation forward that a click waits for, and the click after it', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 2);
      const prepare = pool.prepare('a', 'cat');
      await pool.add(pool.prepare('b', 'dog'), prepare, 'c1');
      await pool.add(pool.token('a1', prepare));
      expect(nameOf(await pool.mustClaim())).toBe('c1');
      const lease = await pool.mustClaim();
      expect(lease.token).toMatchObject({ image: { imageId: prepare.image.imageId } });
      await pool.queue.setCeiling(10, 10);
      await pool.add('d1');
      expect(nameOf(await pool.mustClaim())).toBe('d1');
      expect(nameOf(await pool.mustClaim())).toBe('prepare');
      expect(await pool.claim()).toBeUndefined();
      await pool.done(lease);
      expect(nameOf(await pool.mustClaim())).toBe('a1');
    });

    it('A11 waits for no preparation that is not in the pool', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add(pool.token('a1', pool.prepare('a', 'cat')));
      expect(await pool.drain()).toEqual(['a1']);
    });

    it('A11 does not set clicks back by the images that their session uploaded', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      for (const image of ['i', 'j', 'k']) await pool.add(pool.prepare('a', image));
      await pool.add('b1', 'b2', 'a1');
      expect((await pool.drain()).slice(0, 3)).toEqual(['b1', 'a1', 'b2']);
    });

    it('A11 prepares first what a click waits for already', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      const prepare = pool.prepare('a', 'cat');
      await pool.add(pool.prepare('b', 'dog'), pool.token('a1', prepare), prepare);
      const lease = await pool.mustClaim();
      expect(lease.token).toMatchObject({ image: { imageId: prepare.image.imageId } });
    });

    it('A11 does not prepare again for a session that asks during the preparation', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add(pool.prepare('a', 'cat'));
      const lease = await pool.mustClaim();
      expect(await pool.add(pool.prepare('b', 'cat'))).toMatchObject([{ state: 'running' }]);
      await pool.done(lease);
      expect(await pool.claim()).toBeUndefined();
    });
  });

  describe(`${engineName} work queue: leases`, () => {
    it('B6 never gives more leases than the limit', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 2);
      await pool.add('a1', 'b1', 'c1');
      const lease = await pool.mustClaim();
      await pool.mustClaim();
      expect(await pool.claim()).toBeUndefined();
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 1, leased: 2, limit: 2 });
      await pool.queue.setCeiling(1, 1);
      await pool.done(lease);
      expect(await pool.claim()).toBeUndefined();
      await pool.queue.setCeiling(2, 2);
      expect(nameOf(await pool.mustClaim())).toBe('c1');
    });

    it('B6 starts nothing while the limit is 0', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 0);
      await pool.add('a1');
      expect(await pool.claim()).toBeUndefined();
    });

    it('counter-example 8: one object has one lease', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 5);
      await pool.add('a1');
      await pool.mustClaim();
      await pool.add('a1');
      expect(await pool.claim()).toBeUndefined();
    });

    it('L5 answers a claim that is sent twice with the same lease', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 5);
      await pool.add('a1', 'b1');
      const lease = await pool.claim(NOW, 'once');
      expect(await pool.claim(NOW, 'once')).toEqual(lease);
      expect(await pool.queue.load(NOW)).toMatchObject({ leased: 1 });
    });

    it('B6 gives several leases at once, in turn and within the limit', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 3);
      await pool.add('a1', 'a2', 'b1', 'c1');
      const names = async (most: number) => (await pool.claimSome(most)).leases.map(nameOf);
      expect(await names(0)).toEqual([]);
      expect(await names(2)).toEqual(['a1', 'b1']);
      expect(await names(2)).toEqual(['c1']);
      expect(await names(2)).toEqual([]);
    });

    it('L5 answers a claim of several that is sent twice with the same leases', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 5);
      await pool.add('a1', 'b1', 'c1');
      const { leases } = await pool.claimSome(2, NOW, 'once');
      expect(new Set(leases.map(({ fence }) => fence)).size).toBe(2);
      expect((await pool.claimSome(2, NOW, 'once')).leases).toEqual(leases);
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 1, leased: 2 });
    });

    it('claims what has run out in the same step', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 2);
      await pool.add('a1', 'b1');
      await pool.claimSome(2);
      await pool.add('c1');
      const { leases, dueAt } = await pool.claimSome(2, NOW + LEASE_MS);
      expect(leases.map(nameOf)).toEqual(['c1', 'a1']);
      expect(leases.map(({ attempts }) => attempts)).toEqual([0, 1]);
      expect(dueAt).toBe(NOW + 2 * LEASE_MS);
    });

    it('counter-example 10: fences rise, and never below the time', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 5);
      await pool.add('a1', 'b1', 'c1');
      const fences: number[] = [];
      for (let n = 0; n < 3; n += 1) fences.push((await pool.mustClaim()).fence);
      expect(fences).toEqual(fences.toSorted((a, b) => a - b));
      expect(new Set(fences).size).toBe(3);
      // The engine's clock decides, which may differ a little from the suite's.
      expect(fences[0]).toBeGreaterThan((NOW - 60_000) * 1000);
    });

    it('counter-example 8: a release ends only the lease that it names', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      const old = await pool.mustClaim();
      const young = await pool.mustClaim(NOW + LEASE_MS + 60_000);
      await pool.done(old);
      await pool.done(old, true);
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 0, leased: 1 });
      expect(await pool.queue.renew(old, LEASE_MS, NOW)).toBe(false);
      await pool.done(young);
      await pool.done(young);
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 0, leased: 0 });
    });

    it('counter-example 7: a lease that runs out is offered again at the tail', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2');
      const lease = await pool.mustClaim();
      const end = NOW + LEASE_MS;
      expect(await pool.look(NOW + 1)).toBe(end);
      expect(await pool.leased()).toBe(1);
      expect(await pool.look(end)).toBeUndefined();
      expect(await pool.leased()).toBe(0);
      expect(nameOf(await pool.mustClaim(end))).toBe('a2');
      await pool.queue.setCeiling(2, 2);
      const again = await pool.mustClaim(end);
      expect(nameOf(again)).toBe('a1');
      expect(again.fence).toBeGreaterThan(lease.fence);
      expect(again.attempts).toBe(1);
    });

    it('L6 keeps a lease that is renewed', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      const lease = await pool.mustClaim();
      expect(await pool.queue.renew(lease, LEASE_MS, NOW + 5_000)).toBe(true);
      await pool.look(NOW + LEASE_MS + 1);
      expect(await pool.leased()).toBe(1);
      await pool.look(NOW + LEASE_MS + 5_000);
      expect(await pool.leased()).toBe(0);
    });

    it('gives a claim whose lease ran out a new one', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      const lease = await pool.claim(NOW, 'once');
      const again = await pool.claim(NOW + LEASE_MS, 'once');
      expect(again?.fence).toBeGreaterThan(lease?.fence ?? Number.POSITIVE_INFINITY);
    });
  });

  describe(`${engineName} work queue: retries`, () => {
    it('B5 holds a retry back until its time, and then behind what nobody has tried', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', pool.prepare('a', 'cat'));
      await pool.done(await pool.mustClaim(), true, NOW + 60_000);
      await pool.add('b1');
      expect(await pool.drain(NOW + 59_999)).toEqual(['b1', 'prepare']);
      await pool.add('b2', pool.prepare('a', 'cat'));
      expect(await pool.drain(NOW + 60_000)).toEqual(['b2', 'a1', 'prepare']);
    });

    it('B5 counts failed attempts until one has succeeded', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.callTimes(20);
      await pool.add('a1');
      const attempts: number[] = [];
      for (const retryAt of [NOW, NOW, undefined]) {
        const lease = await pool.mustClaim();
        attempts.push(lease.attempts);
        await pool.done(lease, retryAt !== undefined, retryAt);
      }
      await pool.add('a1');
      const fresh = await pool.mustClaim();
      await pool.done(fresh, true);
      attempts.push(fresh.attempts, (await pool.mustClaim()).attempts);
      expect(attempts).toEqual([0, 1, 2, 0, 0]);
    });

    it('A13 merges into a retry that waits', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1');
      await pool.done(await pool.mustClaim(), true, NOW + 60_000);
      expect(await pool.add('a1')).toEqual([{ state: 'merged', position: 0 }]);
      expect(await pool.claim()).toBeUndefined();
    });

    it('tells when the next retry or the end of a lease is due', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 2);
      expect(await pool.look()).toBeUndefined();
      await pool.add('a1', 'b1');
      await pool.done(await pool.mustClaim(), true, NOW + 3_600_000);
      expect(await pool.look()).toBe(NOW + 3_600_000);
      const lease = await pool.mustClaim();
      expect(await pool.look()).toBe(NOW + LEASE_MS);
      await pool.done(lease);
      expect(await pool.look()).toBe(NOW + 3_600_000);
    });
  });

  describe(`${engineName} work queue: limit`, () => {
    const ok = { kind: 'segment', result: 'ok', durationMs: 500 } as const;
    const busy = { kind: 'segment', result: 'overloaded' } as const;

    it('B6 begins with one call, and allows more while they succeed, up to the ceiling', async () => {
      await using engine = await open();
      await engine.queue.setCeiling(3);
      const pool = await Pool.open(engine, 0);
      await engine.queue.setCeiling(3);
      const limits: number[] = [];
      for (let n = 0; n < 6; n += 1) {
        await pool.add('a1', 'b1', 'c1', 'd1');
        limits.push((await pool.queue.load(NOW)).limit);
        const leases: Lease[] = [];
        for (let lease = await pool.claim(); lease; lease = await pool.claim()) leases.push(lease);
        expect(leases).toHaveLength(limits.at(-1) ?? 0);
        for (const lease of leases) {
          await pool.queue.release(lease, { dirty: true, call: ok, now: NOW });
        }
      }
      expect(limits).toEqual([1, 2, 3, 3, 3, 3]);
    });

    it('halves when the server has too much to do, and says so', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 4);
      await pool.callTimes(2);
      await pool.add('a1', 'b1');
      await pool.call(busy);
      expect(await pool.queue.load(NOW)).toMatchObject({
        limit: 2,
        ceiling: 4,
        health: 'degraded',
      });
      expect((await pool.claimSome(0)).healths).toEqual(['degraded']);
      expect((await pool.claimSome(0, NOW + 10_000)).healths).toEqual(['ok']);
    });

    it('counts a call once when its release is sent twice', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 8);
      await pool.add('a1', 'b1');
      const lease = await pool.mustClaim();
      const how = { dirty: true, call: busy, now: NOW };
      const replies = [await pool.queue.release(lease, how), await pool.queue.release(lease, how)];
      expect(replies).toEqual(['ended', 'gone']);
      expect(await pool.queue.load(NOW)).toMatchObject({ limit: 4 });
    });

    it('leaves a server alone that answers nothing, then tries it with one call at a time', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 4);
      for (const name of ['a1', 'b1', 'c1', 'd1', 'e1']) {
        await pool.add(name);
        await pool.call({ kind: 'segment', result: 'failed' });
      }
      await pool.add('a1', 'b1', 'c1');
      expect(await pool.claim()).toBeUndefined();
      expect(await pool.look()).toBe(NOW + 500);
      expect(await pool.queue.load(NOW)).toMatchObject({ health: 'down' });
      const probe = await pool.mustClaim(NOW + 500);
      expect(await pool.claim(NOW + 500)).toBeUndefined();
      await pool.queue.release(probe, { dirty: false, call: ok, now: NOW + 900 });
      expect(await pool.queue.load(NOW + 900)).toMatchObject({ health: 'ok' });
      expect(nameOf(await pool.mustClaim(NOW + 900))).toBe('b1');
      expect(nameOf(await pool.mustClaim(NOW + 900))).toBe('c1');
    });

    it('B5 allows one retry of ten calls; what may not be retried stays leased', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.callTimes(18);
      const replies: ReleaseReply[] = [];
      for (const name of ['a1', 'b1', 'c1']) {
        await pool.add(name);
        replies.push(await pool.call({ ...ok }, NOW, { retryAt: NOW + 60_000 }));
        if (replies.at(-1) === 'kept') break;
      }
      expect(replies).toEqual(['ended', 'ended', 'kept']);
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 2, leased: 1 });
    });

    it('A14 refuses what would wait too long, what comes at the same moment counted', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.callTimes(20);
      const admit = async (name: string, entry: { deadlineAt?: number } = {}, now = NOW) =>
        (await pool.queue.admit(pool.token(name), { now, ...entry }, 1_000)).refused;
      expect(await admit('a1', { deadlineAt: NOW + 1 })).toBeUndefined();
      expect(await admit('b1', { deadlineAt: NOW + 999 })).toEqual({ etaMs: 1_000 });
      expect(await admit('b1')).toBeUndefined();
      await pool.add('a1');
      expect(await admit('c1')).toBeUndefined();
      expect(await admit('d1')).toEqual({ etaMs: 2_000 });
      expect(await admit('a1', { deadlineAt: NOW })).toBeUndefined();
      expect(await pool.queue.place(pool.token('b1'))).toBeUndefined();
      expect(await admit('d1', {}, NOW + 2_000)).toBeUndefined();
    });
  });

  describe(`${engineName} work queue: admission after the start`, () => {
    it('A14 counts on the ceiling until the limit is first halved', async () => {
      await using engine = await open();
      await engine.queue.setCeiling(4);
      const pool = await Pool.open(engine, 0);
      await engine.queue.setCeiling(4);
      const admitted = async (now: number) => {
        const names = [...'abcdefghijkl'].map((letter) => `${letter}1`);
        const replies = names.map((name) => pool.queue.admit(pool.token(name), { now }, 500));
        return (await Promise.all(replies)).filter(({ refused }) => refused === undefined).length;
      };
      expect(await pool.queue.load(NOW)).toMatchObject({ limit: 1, foreseen: 4 });
      expect(await admitted(NOW)).toBe(8);
      await pool.add('z1');
      await pool.call({ kind: 'segment', result: 'overloaded' });
      expect(await pool.queue.load(NOW)).toMatchObject({ limit: 1, foreseen: 1 });
      expect(await admitted(NOW + 5_000)).toBe(2);
    });
  });

  describe(`${engineName} work queue: deadlines`, () => {
    it('hands out what waits in vain although every place is taken', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      const enqueue = (name: string, deadlineAt: number) =>
        pool.queue.enqueue(pool.token(name), { now: NOW, deadlineAt });
      await enqueue('a1', NOW + 3_000);
      expect(await pool.mustClaim()).toMatchObject({ overdue: false, deadlineAt: NOW + 3_000 });
      await enqueue('b1', NOW + 4_000);
      await enqueue('b1', NOW + 2_000);
      await enqueue('c1', NOW + 1_000);
      expect(await pool.look()).toBe(NOW + 1_000);
      expect(await pool.claim(NOW + 999)).toBeUndefined();
      const overdue = await pool.mustClaim(NOW + 1_000);
      expect([nameOf(overdue), overdue.overdue]).toEqual(['c1', true]);
      await pool.done(overdue);
      expect(await pool.claim(NOW + 3_999)).toBeUndefined();
      expect((await pool.mustClaim(NOW + 4_000)).overdue).toBe(true);
    });

    it('begins no call that would end too late', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 3);
      await pool.callTimes(20);
      await pool.add('z1');
      await pool.mustClaim();
      await pool.queue.enqueue(pool.token('a1'), { now: NOW, deadlineAt: NOW + 499 });
      await pool.queue.enqueue(pool.token('b1'), { now: NOW, deadlineAt: NOW + 500 });
      expect((await pool.mustClaim()).overdue).toBe(true);
      expect((await pool.mustClaim()).overdue).toBe(false);
    });

    it('begins one while nothing else is under way when a second is left, to see how long calls take', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.callTimes(20, 4_000);
      await pool.queue.enqueue(pool.token('a1'), { now: NOW, deadlineAt: NOW + 999 });
      await pool.queue.enqueue(pool.token('b1'), { now: NOW, deadlineAt: NOW + 1_000 });
      const overdue = await pool.mustClaim();
      expect([nameOf(overdue), overdue.overdue]).toEqual(['a1', true]);
      await pool.done(overdue);
      expect((await pool.mustClaim()).overdue).toBe(false);
    });

    it('offers again until a later deadline what turned out to be newer', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.queue.enqueue(pool.token('a1'), { now: NOW, deadlineAt: NOW });
      const lease = await pool.mustClaim();
      expect(lease.overdue).toBe(true);
      await pool.queue.release(lease, { dirty: true, deadlineAt: NOW + 5_000, now: NOW });
      expect(await pool.mustClaim()).toMatchObject({ overdue: false, deadlineAt: NOW + 5_000 });
    });
  });

  describe(`${engineName} work queue: doorbell`, () => {
    const causes: Record<string, (pool: Pool, lease: Lease) => Promise<unknown>> = {
      'something is enqueued': (pool) => pool.add('z1'),
      'a lease is released': (pool, lease) => pool.done(lease),
      'a lease has run out': (pool) => pool.look(NOW + LEASE_MS),
      'the limit is raised': (pool) => pool.queue.setCeiling(5, 5),
    };

    it.each(Object.keys(causes))('rings when %s', async (cause) => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      await pool.add('a1', 'a2');
      const lease = await pool.mustClaim();
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = pool.queue.onAvailable(resolve);
      await causes[cause]?.(pool, lease);
      await expect(within(`the bell, because ${cause}`, promise)).resolves.toBeUndefined();
      end();
    });

    it('does not ring for who has left, and is not harmed by who throws', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 1);
      let rung = 0;
      const end = pool.queue.onAvailable(() => {
        rung += 1;
      });
      end();
      const { promise, resolve } = Promise.withResolvers<void>();
      pool.queue.onAvailable(() => {
        throw new Error('a broken listener');
      });
      pool.queue.onAvailable(resolve);
      await pool.add('a1');
      await within('the bell', promise);
      expect(rung).toBe(0);
    });

    it('L7 has the same name as long as it loses nothing', async () => {
      await using engine = await open();
      const before = await engine.queue.generation();
      const pool = await Pool.open(engine, 2);
      await pool.add('a1');
      await pool.done(await pool.mustClaim());
      expect(await engine.queue.generation()).toBe(before);
    });
  });
}
