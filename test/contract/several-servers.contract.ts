import { describe, expect, it } from 'vitest';
import { rankServers } from '../../src/core/affinity.ts';
import type { QueueCall } from '../../src/core/fair-queue.ts';
import type { ServerId } from '../../src/core/ids.ts';
import { objectId, serverId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { Claimed, Lease, Release, SegmentToken, Token } from '../../src/ports/work-queue.ts';
import type { OpenEngine } from './support.ts';
import { freshSessionId, imageFacts, NOW, TENANT } from './support.ts';

const SERVERS = ['left', 'right'].map(serverId) as [ServerId, ServerId];
const IMAGE = imageFacts('cat');
const [HOME, NEXT] = rankServers(IMAGE.imageId, SERVERS) as [ServerId, ServerId];

const UNREACHABLE: QueueCall = { kind: 'segment', result: 'unreachable' };
const FAILED: QueueCall = { kind: 'segment', result: 'failed' };

/** A pool of two servers, with four places each, and the objects of one image. */
class Pool {
  readonly queue: Engine['queue'];
  readonly #session = freshSessionId();
  #claims = 0;

  private constructor(engine: Engine) {
    this.queue = engine.queue;
  }

  static async open(engine: Engine, most?: number): Promise<Pool> {
    engine.queue.useServers(SERVERS, most);
    for (const server of SERVERS) await engine.queue.setCeiling(4, 4, server);
    return new Pool(engine);
  }

  preparation(server?: ServerId) {
    const token = {
      kind: 'prepare',
      sessionId: this.#session,
      tenant: TENANT,
      image: IMAGE,
    } as const;
    return server === undefined ? token : { ...token, server };
  }

  object(name: string): SegmentToken {
    const after = this.preparation();
    return { kind: 'segment', sessionId: this.#session, objectId: objectId(name), after };
  }

  async add(...tokens: (string | Token)[]): Promise<void> {
    for (const token of tokens) {
      const whole = typeof token === 'string' ? this.object(token) : token;
      await this.queue.enqueue(whole, { now: NOW });
    }
  }

  claim(most: number, now = NOW): Promise<Claimed> {
    this.#claims += 1;
    const claimId = `claim ${this.#claims}`;
    return this.queue.claim({ gatewayId: 'suite', claimId, most, leaseMs: 10_000, now });
  }

  async one(now = NOW): Promise<Lease> {
    const [lease] = (await this.claim(1, now)).leases;
    if (lease === undefined) throw new Error('nothing may start');
    return lease;
  }

  end(lease: Lease, how: Partial<Release> = {}) {
    return this.queue.release(lease, { dirty: false, now: NOW, ...how });
  }
}

/** What every `WorkQueue` does with several feature servers. */
export function severalServersContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} pool of several servers`, () => {
    it('B6 gives the calls for an image to its own server, up to 1.25 times its share', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine);
      await pool.add('a', 'b', 'c', 'd');
      const { leases, healths } = await pool.claim(4);
      // Of one call its share is a half, of two one, of three one and a half …
      expect(leases.map(({ server }) => server)).toEqual([HOME, HOME, NEXT, HOME]);
      expect(healths).toEqual(['ok', 'ok']);
    });

    it('B6 knows how many each has from all gateways, and no more in all than may be', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine, 3);
      await pool.add('a', 'b', 'c', 'd', 'e');
      const leases: Lease[] = [];
      for (let n = 0; n < 4; n += 1) leases.push(...(await pool.claim(1)).leases);
      expect(leases.map(({ server }) => server)).toEqual([HOME, HOME, NEXT]);
      expect(await pool.queue.load(NOW)).toMatchObject({ leased: 3, limit: 3, ceiling: 3 });
      for (const lease of leases) await pool.end(lease);
      expect((await pool.one()).server).toBe(HOME);
    });

    it('B5 one that cannot be connected to is left alone at once; its work costs no retry', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine);
      await pool.add('a');
      for (let n = 0; n < 2; n += 1) {
        const lease = await pool.one(NOW + n * 600);
        expect([lease.server, lease.attempts]).toEqual([n === 0 ? HOME : NEXT, 0]);
        const now = NOW + n * 600;
        await pool.end(lease, { dirty: true, retryAt: now, call: UNREACHABLE, now });
      }
      const { leases, healths } = await pool.claim(0, NOW + 600);
      expect([leases, healths]).toEqual([[], ['down', 'down']]);
    });

    it('B5 its images come back with a probe', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine);
      await pool.add('a', 'b', 'c');
      const lost = await pool.one();
      await pool.end(lost, { dirty: true, retryAt: NOW, call: UNREACHABLE });
      expect((await pool.claim(3)).leases.map(({ server }) => server)).toEqual([NEXT, NEXT, NEXT]);
      await pool.add('d', 'e');
      const { leases } = await pool.claim(2, NOW + 500);
      // One call at a time until it has answered.
      expect(leases.map(({ server }) => server)).toEqual([HOME, NEXT]);
    });

    it('B5 a retry goes to the next server, and to the same when there is no other', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine);
      await pool.add('a');
      const failed = await pool.one();
      await pool.end(failed, { dirty: true, retryAt: NOW, call: FAILED });
      const retry = await pool.one();
      expect([retry.server, retry.attempts]).toEqual([NEXT, 1]);
      // Still the same attempt, when something is made for it first.
      await pool.end(retry, { dirty: true, healing: true });
      const healed = await pool.one();
      expect([healed.server, healed.attempts, healed.healed]).toEqual([NEXT, 1, true]);
      await pool.end(healed, { dirty: true });
      const again = await pool.one();
      expect([again.server, again.attempts, again.healed]).toEqual([HOME, 0, false]);
    });

    it('B5 the budget of retries is each server’s own', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine);
      await pool.add('a', 'b', 'c');
      const leases = (await pool.claim(3)).leases;
      const replies: string[] = [];
      for (const lease of leases) {
        replies.push(
          `${lease.server} ${await pool.end(lease, { dirty: true, retryAt: NOW, call: FAILED })}`,
        );
      }
      expect(replies).toEqual([`${HOME} ended`, `${HOME} kept`, `${NEXT} ended`]);
    });

    it('B2 a preparation for one server waits for that; it is given to another when it has left', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine);
      await pool.queue.setCeiling(1, 1, NEXT);
      await pool.add(pool.preparation(NEXT));
      const first = await pool.one();
      expect(first.server).toBe(NEXT);
      await pool.add({ ...pool.preparation(NEXT), image: imageFacts('dog') }, 'a');
      const { leases } = await pool.claim(2);
      expect(leases.map(({ token, server }) => [token.kind, server])).toEqual([['segment', HOME]]);
      const lost = { call: { ...UNREACHABLE, kind: 'encode' }, dirty: true, retryAt: NOW } as const;
      await pool.end(first, lost);
      const { leases: others } = await pool.claim(2);
      expect(others.map(({ server }) => server)).toEqual([HOME, HOME]);
    });

    it('L5 one token for a content, and one for each server that is to have it besides', async () => {
      await using engine = await open();
      const pool = await Pool.open(engine);
      await pool.add(pool.preparation(), pool.preparation(HOME), pool.preparation(NEXT));
      await pool.add(pool.preparation(), pool.preparation(HOME), pool.preparation(NEXT));
      expect(await pool.queue.load(NOW)).toMatchObject({ waiting: 3 });
    });

    it('B1 one that has not said what it can do is not called, and is down', async () => {
      await using engine = await open();
      engine.queue.useServers(SERVERS);
      await engine.queue.setCeiling(2, 2, NEXT);
      const load = await engine.queue.load(NOW);
      expect(load).toMatchObject({ limit: 2, ceiling: 2, health: 'degraded' });
    });
  });
}
