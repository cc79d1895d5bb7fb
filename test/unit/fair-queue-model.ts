/**
 * The fair queue once more, as plainly as it can be said: one list, looked through every time. Without
 * deadlines, and with a limit that somebody else decides.
 */
import { ONLY_SERVER } from '../../src/core/burst/server-set.ts';
import type { QueueItem } from '../../src/core/fair-queue.ts';

interface Entry {
  item: QueueItem<string>;
  lane: 0 | 1 | 2;
  tag: number;
  order: number;
  notBefore: number;
  attempts: number;
  urgent: boolean;
  again: boolean;
  lease: { claimId: string; fence: number; until: number } | undefined;
}

export class NaiveQueue {
  entries: Entry[] = [];
  limit: number;
  readonly #times = [0, 0, 0];
  readonly #next = new Map<string, number>();
  /** How many were served before each lane since it was last served itself. */
  readonly #passed = [0, 0, 0];
  #order = 0;
  #fence = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  find = (key: string) => this.entries.find((entry) => entry.item.key === key);
  leased = () => this.entries.filter((entry) => entry.lease !== undefined);
  isBlocked = ({ item }: Entry) => item.after !== undefined && this.find(item.after) !== undefined;

  /** Everything that waits, in the order in which it is served. */
  line(): Entry[] {
    return this.entries
      .filter((entry) => entry.lease === undefined)
      .sort((a, b) => a.lane - b.lane || a.tag - b.tag || a.order - b.order);
  }

  startable(now: number): Entry[] {
    return this.line().filter((entry) => entry.notBefore <= now && !this.isBlocked(entry));
  }

  enqueue(item: QueueItem<string>) {
    const awaited = item.after === undefined ? undefined : this.find(item.after);
    if (awaited !== undefined) {
      awaited.urgent = true;
      const turn = this.#nextTag(0, item.session);
      const gains = awaited.lane === 2 || (awaited.lane === 0 && turn < awaited.tag);
      if (awaited.lease === undefined && gains) {
        awaited.item = { ...awaited.item, session: item.session };
        this.#place(awaited, 0);
      }
    }
    const present = this.find(item.key);
    if (present === undefined) {
      const urgent = this.entries.some((entry) => entry.item.after === item.key);
      const entry: Entry = { ...EMPTY, item, urgent };
      this.entries.push(entry);
      this.#place(entry, this.#home(entry));
      return { state: 'queued', position: this.line().indexOf(entry) };
    }
    if (item.after !== undefined) present.item = { ...present.item, after: item.after };
    if (present.lease === undefined) {
      return { state: 'merged', position: this.line().indexOf(present) };
    }
    present.again ||= item.kind === 'segment';
    return { state: 'running', position: 0 };
  }

  claim(claimId: string, leaseMs: number, now: number) {
    const held = this.leased().find((entry) => entry.lease?.claimId === claimId);
    if (held !== undefined) return leaseOf(held);
    if (this.leased().length >= this.limit) return undefined;
    const entry = this.#turn(now);
    if (entry === undefined) return undefined;
    this.#passed[entry.lane] = 0;
    for (const lane of [1, 2] as const) {
      const isPassed = this.startable(now).some((other) => other.lane === lane);
      if (lane > entry.lane && isPassed) this.#passed[lane] = (this.#passed[lane] ?? 0) + 1;
    }
    this.#times[entry.lane] = Math.max(this.#times[entry.lane] ?? 0, entry.tag);
    this.#fence = Math.max(this.#fence + 1, now * 1000);
    entry.lease = { claimId, fence: this.#fence, until: now + leaseMs };
    return leaseOf(entry);
  }

  release(key: string, fence: number, dirty: boolean, retryAt: number | undefined): boolean {
    const entry = this.find(key);
    if (entry?.lease?.fence !== fence) return false;
    entry.lease = undefined;
    const stays = dirty || entry.again;
    entry.again = false;
    if (retryAt !== undefined) {
      entry.attempts += 1;
      entry.notBefore = retryAt;
      this.#place(entry, 1);
    } else if (stays) {
      entry.attempts = 0;
      entry.notBefore = 0;
      this.#place(entry, this.#home(entry));
    } else {
      this.entries = this.entries.filter((other) => other !== entry);
      if (this.entries.length === 0) this.#next.clear();
    }
    return true;
  }

  expire(now: number): number {
    const over = this.leased()
      .filter((entry) => (entry.lease?.until ?? 0) <= now)
      .sort((a, b) => (a.lease?.fence ?? 0) - (b.lease?.fence ?? 0));
    for (const entry of over) {
      entry.lease = undefined;
      entry.again = false;
      entry.attempts += 1;
      entry.notBefore = 0;
      this.#place(entry, this.#home(entry));
    }
    return over.length;
  }

  /** In turn, unless a less urgent lane has been patient for long enough. */
  #turn(now: number): Entry | undefined {
    const startable = this.startable(now);
    const first = (lane: number) => startable.find((entry) => entry.lane === lane);
    const retry = (this.#passed[1] ?? 0) >= 3 ? first(1) : undefined;
    const preparation = (this.#passed[2] ?? 0) >= 9 ? first(2) : undefined;
    return retry ?? preparation ?? startable[0];
  }

  readonly #home = ({ item, urgent }: Entry) => (item.kind === 'prepare' && !urgent ? 2 : 0);

  #nextTag(lane: 0 | 1 | 2, session: string): number {
    return Math.max(this.#times[lane] ?? 0, this.#next.get(`${lane} ${session}`) ?? 0);
  }

  #place(entry: Entry, lane: 0 | 1 | 2): void {
    const account = `${lane} ${entry.item.session}`;
    entry.lane = lane;
    entry.tag = this.#nextTag(lane, entry.item.session);
    this.#next.set(account, entry.tag + (entry.item.cost ?? 1_000));
    this.#order += 1;
    entry.order = this.#order;
  }
}

const EMPTY = {
  lane: 0,
  tag: 0,
  order: 0,
  notBefore: 0,
  attempts: 0,
  again: false,
  lease: undefined,
} as const;

function leaseOf({ item, attempts, lease }: Entry) {
  const { key, value } = item;
  const always = { deadline: undefined, overdue: false, server: ONLY_SERVER, healed: false };
  return { key, value, fence: lease?.fence, attempts, ...always };
}
