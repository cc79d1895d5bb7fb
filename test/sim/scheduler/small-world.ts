import { rankServers } from '../../../src/core/affinity.ts';
import type { QueueItem, QueueLease } from '../../../src/core/fair-queue.ts';
import { FairQueue } from '../../../src/core/fair-queue.ts';
import type { ServerId } from '../../../src/core/ids.ts';
import { serverId } from '../../../src/core/ids.ts';
import { SeededRandom } from '../seeded-random.ts';

const SESSIONS = ['a', 'b', 'c'];
const OBJECTS = ['1', '2', '3'];
const SERVERS = ['x', 'y', 'z'].map(serverId);
const IMAGES = ['i', 'j'];
/** Nobody clicks on the last. */
const UPLOADS = [...IMAGES, 'k'];
const LEASE_MS = 5_000;
const DEADLINE_MS = 4_000;

/** Of a session of weight 1, 2 and 4. */
const COSTS: Readonly<Record<string, number>> = { a: 1_000, b: 500, c: 250 };

/**
 * How many may be served before something that could start: everybody's objects, four times over for
 * those who weigh four times as much, and the share of the less urgent lanes. No budget bounds the retries
 * of what met no server: everything may be among them.
 */
const PATIENCE = {
  segment: 2 * 4 * SESSIONS.length * OBJECTS.length,
  prepare: 10 * 4,
  retry: 4 * 20,
};

interface Known {
  readonly kind: 'segment' | 'prepare';
  readonly after: string | undefined;
  deadline: number;
  notBefore: number;
  /** Claims since it could have started. */
  passed: number;
  /** Clicks that no answer has covered. */
  pending: number;
}

interface Call {
  readonly lease: QueueLease<string>;
  readonly covers: number;
  readonly since: number;
  /** Its gateway is gone: it ends with its lease, and nobody tells. */
  readonly isLost: boolean;
}

/** Random people, gateways that die and a server that fails, around one queue; all of it checked. */
export class SmallWorld {
  readonly errors: string[] = [];
  clicks = 0;
  ended = 0;
  readonly #random: SeededRandom;
  readonly #queue: FairQueue<string>;
  readonly #known = new Map<string, Known>();
  readonly #calls = new Map<string, Call>();
  readonly #servers: readonly ServerId[];
  /** Of each server. */
  #ceiling: number;
  #now = 1_000_000;
  #claims = 0;
  #faulty = true;
  /** People who click faster than anybody could answer. */
  readonly #isCrowded: boolean;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#ceiling = this.#random.between(1, 4);
    this.#queue = new FairQueue(this.#ceiling);
    this.#isCrowded = this.#random.chance(0.3);
    this.#servers = SERVERS.slice(0, this.#random.chance(0.5) ? 1 : this.#random.between(2, 3));
    this.#queue.useServers(this.#servers);
    const atLeast = this.#random.chance(0.5) ? this.#ceiling : undefined;
    for (const server of this.#servers) this.#queue.setCeiling(this.#ceiling, atLeast, server);
  }

  play(): this {
    const steps = this.#isCrowded ? 250 : this.#random.between(30, 90);
    for (let step = 0; step < steps; step += 1) {
      this.#step();
      if (this.#isCrowded) this.#crowd();
      this.#dispatch();
    }
    this.#faulty = false;
    for (let round = 0; round < 400 && this.#known.size > 0; round += 1) {
      this.#wait(this.#random.between(1, 900));
      this.#endCall();
      this.#dispatch();
    }
    if (this.#known.size > 0) this.#report(`starved: ${[...this.#known.keys()]}`);
    if (this.ended !== this.clicks) this.#report(`${this.clicks} clicks, ${this.ended} ends`);
    return this;
  }

  #step(): void {
    const dice = this.#random.uniform();
    if (dice < 0.45) this.#click();
    else if (dice < 0.5) this.#upload();
    else if (dice < 0.85) this.#endCall();
    else if (dice < 0.98) this.#wait(this.#random.between(1, 900));
    else this.#setCeiling();
  }

  /** Work goes on, and there is always more of it. */
  #crowd(): void {
    this.#wait(5);
    this.#endCall();
    this.#click();
    this.#click();
  }

  #click(): void {
    const session = this.#random.pick(SESSIONS);
    const object = this.#random.pick(OBJECTS);
    const key = session + object;
    const isPrepared = this.#random.chance(0.7);
    const image = isPrepared ? undefined : `prepare ${IMAGES[Number(object) % IMAGES.length]}`;
    const deadline = this.#now + DEADLINE_MS;
    const cost = COSTS[session];
    const item = {
      key,
      session,
      kind: 'segment',
      after: image,
      value: key,
      deadline,
      cost,
      rank: rankServers(object, this.#servers),
    } as const;
    const before = this.#queue.place(key);
    const foretold = this.#queue.preview(item);
    const refused = this.#queue.admit(item, { now: this.#now, maxWaitMs: 3_000 });
    if (refused !== undefined && this.#known.has(key)) this.#report(`refused to merge into ${key}`);
    if (refused !== undefined) return;
    this.clicks += 1;
    const { position } = this.#queue.enqueue(item);
    if (before?.state === 'queued' && position > before.position && image === undefined) {
      this.#report(`${key} lost its place`);
    }
    if (before === undefined && position !== foretold && image === undefined) {
      this.#report(`${key} is ${position}th, foretold was ${foretold}`);
    }
    this.#note(item);
    if (image !== undefined) this.#checkPromoted(key, image);
  }

  /** What a click waits for comes before it. */
  #checkPromoted(key: string, image: string): void {
    const [own, awaited] = [this.#queue.place(key), this.#queue.place(image)];
    const isFirst = [...this.#known.values()].filter(({ after }) => after === image).length === 1;
    const isNew = isFirst && this.#known.get(key)?.pending === 1 && !this.#isRetry(image);
    if (!isNew || own?.state !== 'queued' || awaited?.state !== 'queued') return;
    if (awaited.position > own.position) this.#report(`${image} comes after ${key}`);
  }

  #isRetry(key: string): boolean {
    return (this.#known.get(key)?.notBefore ?? 0) > 0;
  }

  #upload(): void {
    const session = this.#random.pick(SESSIONS);
    const key = `prepare ${this.#random.pick(UPLOADS)}`;
    const item = { key, session, kind: 'prepare', value: key, cost: COSTS[session] } as const;
    this.#queue.enqueue(item);
    this.#note(item);
  }

  #note({ key, kind, after, deadline = Number.POSITIVE_INFINITY }: QueueItem<string>): void {
    const known = this.#known.get(key);
    const { notBefore, passed, pending } = known ?? { notBefore: 0, passed: 0, pending: 0 };
    const clicks = kind === 'segment' ? pending + 1 : 0;
    const waitsFor = after ?? known?.after;
    const entry = { kind, after: waitsFor, deadline, notBefore, passed, pending: clicks };
    this.#known.set(key, entry);
  }

  #dispatch(): void {
    for (;;) {
      this.#claims += 1;
      const startable = this.#startable();
      const { leased, limit, health } = this.#queue.load(this.#now);
      const claimId = `${this.#claims}`;
      const lease = this.#queue.claim({ claimId, leaseMs: LEASE_MS, now: this.#now });
      if (lease === undefined) {
        if (leased < limit && health !== 'down' && startable.length > 0) {
          this.#report(`idle although ${startable} could start`);
        }
        break;
      }
      if (lease.overdue) this.#giveUp(lease, startable);
      else this.#begin(lease, leased, limit, startable);
    }
    this.#checkDeadlines();
  }

  #begin(lease: QueueLease<string>, leased: number, limit: number, startable: string[]): void {
    const { key, server } = lease;
    const most = this.#ceiling * this.#servers.length;
    // Those of a server that is left alone are counted, too, but not its places.
    const isOne = this.#servers.length === 1;
    if ((isOne && leased >= limit) || limit > most) this.#report(`${leased + 1} calls of ${limit}`);
    const there = [...this.#calls.values()].filter((call) => call.lease.server === server);
    if (there.length >= this.#ceiling) this.#report(`${there.length + 1} calls at ${server}`);
    if (!startable.includes(key)) this.#report(`${key} could not start`);
    if ([...this.#calls.values()].some((call) => call.lease.key === key)) {
      this.#report(`two calls for ${key}`);
    }
    for (const other of startable) this.#pass(other, key);
    const isLost = this.#faulty && this.#random.chance(0.05);
    const covers = this.#known.get(key)?.pending ?? 0;
    this.#calls.set(key, { lease, covers, since: this.#now, isLost });
  }

  #pass(key: string, served: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    known.passed = key === served ? 0 : known.passed + 1;
    const patience = PATIENCE[this.#isRetry(key) ? 'retry' : known.kind];
    if (known.passed > patience) this.#report(`${key} was passed ${known.passed} times`);
  }

  #checkDeadlines(): void {
    for (const [key, { deadline }] of this.#known) {
      const waits = !this.#calls.has(key);
      if (waits && deadline <= this.#now) this.#report(`${key} waits in vain`);
    }
  }

  /** Before its deadline only what could start, and would end too late. */
  #giveUp(lease: QueueLease<string>, startable: readonly string[]): void {
    const { key, fence, deadline = 0 } = lease;
    if (deadline > this.#now && !startable.includes(key)) this.#report(`${key} was given up early`);
    this.ended += this.#known.get(key)?.pending ?? 0;
    this.#known.delete(key);
    this.#queue.release(key, fence, { dirty: false, now: this.#now });
  }

  /** One of the calls under way ends, somehow. */
  #endCall(): void {
    const calls = [...this.#calls.values()].filter((call) => !call.isLost);
    if (calls.length === 0) return;
    const call = this.#random.pick(calls);
    const { lease, covers } = call;
    const known = this.#known.get(lease.key);
    this.#calls.delete(lease.key);
    const isFailure = this.#faulty && this.#random.chance(0.3);
    const kind = known?.kind === 'prepare' ? 'encode' : 'segment';
    const result = isFailure
      ? this.#random.pick(['failed', 'overloaded', 'timeout', 'unreachable'])
      : 'ok';
    const durationMs = isFailure ? undefined : Math.max(1, this.#now - call.since);
    const retryAt = isFailure ? this.#now + this.#random.between(0, 500) : undefined;
    const report = { kind, result: result as 'ok', durationMs } as const;
    const now = this.#now;
    const how = { dirty: false, retryAt, call: report, now };
    const reply = this.#queue.release(lease.key, lease.fence, how);
    if (known === undefined || reply === 'gone') return;
    if (reply === 'ended' && retryAt !== undefined) {
      known.notBefore = retryAt;
      known.passed = 0;
      return;
    }
    if (reply === 'kept') this.#queue.release(lease.key, lease.fence, { dirty: false, now });
    this.ended += covers;
    known.pending -= covers;
    known.notBefore = 0;
    if (this.#queue.place(lease.key) === undefined) this.#known.delete(lease.key);
    else if (known.kind === 'segment' && known.pending === 0)
      this.#report(`${lease.key} for nothing`);
  }

  #wait(ms: number): void {
    this.#now += ms;
    for (const [key, call] of this.#calls) {
      if (call.since + LEASE_MS <= this.#now) this.#calls.delete(key);
    }
    this.#queue.expire(this.#now);
  }

  #setCeiling(): void {
    this.#ceiling = this.#random.between(1, 4);
    for (const server of this.#servers) this.#queue.setCeiling(this.#ceiling, undefined, server);
  }

  /** By what the world knows, not by what the queue says. */
  #startable(): string[] {
    return [...this.#known]
      .filter(([key, { after, notBefore }]) => {
        const isFree = after === undefined || !this.#known.has(after);
        return !this.#calls.has(key) && notBefore <= this.#now && isFree;
      })
      .map(([key]) => key);
  }

  #report(error: string): void {
    this.errors.push(error);
  }
}
