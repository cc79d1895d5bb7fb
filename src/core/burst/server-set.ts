/** The feature servers of a pool: which of them is to have a call, and what they can do together. */
import type { ServerId } from '../ids.ts';
import { serverId } from '../ids.ts';
import { breakerState } from './breaker.ts';
import type { RetryBudget } from './retry-budget.ts';
import { NEW_RETRY_BUDGET } from './retry-budget.ts';
import type { ServerControl, ServerHealth } from './server-control.ts';
import { foreseenPlaces, healthOf, mayBegin, newServer, placesOf } from './server-control.ts';

/** How a server is called as long as nobody names any. */
export const ONLY_SERVER: ServerId = serverId('default');

/**
 * How far above its share of all calls a server may be before its images go to the next ones: enough
 * that they stay where their embeddings are in nearly all cases.
 *
 * Source: V. Mirrokni, M. Thorup, M. Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2018.
 */
const LOAD_BOUND = 1.25;

/** Gateways claim at least once a second; a server that none of them could call for so long has left. */
const GONE_AFTER_MS = 5_000;
/** Often enough for that; more would be written for nothing. */
const NOTED_EVERY_MS = 1_000;

export interface ServerState {
  readonly control: ServerControl;
  readonly retries: RetryBudget;
  /** When a gateway that can call it last claimed. */
  readonly notedAt: number;
}

const newState = (ceiling: number): ServerState => {
  return { control: newServer(ceiling), retries: NEW_RETRY_BUDGET, notedAt: 0 };
};

/** Which servers a piece of work may go to. */
export interface Wish {
  /** Its image's order of servers; any when absent. */
  readonly rank?: readonly ServerId[] | undefined;
  /** Nowhere else, as long as this one is there. */
  readonly only?: ServerId | undefined;
  /** Where it has failed: last. */
  readonly avoid?: ServerId | undefined;
}

/** What all servers that are there can do together. */
export interface Together {
  readonly places: number;
  readonly meanMs: number;
  readonly highMs: number;
}

export class ServerSet {
  readonly #states = new Map<ServerId, ServerState>();
  #names: readonly ServerId[] = [ONLY_SERVER];
  #most = Number.POSITIVE_INFINITY;
  readonly #inFlight: (server?: ServerId) => number;

  /** `inFlight` counts the calls that a server has been given; of all, those of other gateways' too. */
  constructor(ceiling: number, inFlight: (server?: ServerId) => number) {
    this.#states.set(ONLY_SERVER, newState(ceiling));
    this.#inFlight = inFlight;
  }

  /** These from now on, with so many calls at once in all. What was learnt of others is kept. */
  use(names: readonly ServerId[], most = Number.POSITIVE_INFINITY): void {
    this.#names = names;
    this.#most = names.length > 1 ? most : Number.POSITIVE_INFINITY;
  }

  get names(): readonly ServerId[] {
    return this.#names;
  }

  /** What is known of one; a new one may not be called before its ceiling is set. */
  get(name: ServerId): ServerState {
    return this.#states.get(name) ?? newState(0);
  }

  set(name: ServerId, change: Partial<ServerState>): void {
    this.#states.set(name, { ...this.get(name), ...change });
  }

  /** A gateway claims that can call these. */
  note(now: number): void {
    for (const name of this.#names) {
      if (now >= this.get(name).notedAt + NOTED_EVERY_MS) this.set(name, { notedAt: now });
    }
  }

  get controls(): readonly ServerControl[] {
    return this.#names.map((name) => this.get(name).control);
  }

  /** The server for one more call now; `undefined` when none has room for it. */
  choose(wish: Wish, now: number): ServerId | undefined {
    const { only } = wish;
    const isBound = only !== undefined && this.#isThere(only, now);
    const order = isBound ? this.#names.filter((name) => name === only) : this.order(wish);
    return order.find((name) => this.#hasRoom(name, now));
  }

  /** All servers, the best first. */
  order({ rank = [], avoid }: Wish): readonly ServerId[] {
    const known = rank.filter((name) => this.#names.includes(name));
    const all = [...known, ...this.#names.filter((name) => !known.includes(name))];
    return [...all.filter((name) => name !== avoid), ...all.filter((name) => name === avoid)];
  }

  /**
   * Of those that can be called; of all when none can. The mean is such that the places of a server that
   * is twice as fast count twice.
   */
  get together(): Together {
    return this.#withPlaces(placesOf);
  }

  /** The same with the places that there will be when there is more to do. */
  get foreseen(): Together {
    return this.#withPlaces(foreseenPlaces);
  }

  #withPlaces(placesFor: (server: ServerControl) => number): Together {
    const [first, ...more] = this.#up.length > 0 ? this.#up : this.controls;
    if (first === undefined) return { places: 0, meanMs: 0, highMs: 0 };
    const { meanMs, highMs } = first.times.segment;
    if (more.length === 0)
      return { places: Math.min(placesFor(first), this.#most), meanMs, highMs };
    let [places, perMs, high] = [0, 0, 0];
    for (const server of [first, ...more]) {
      const own = placesFor(server);
      places += own;
      perMs += own / server.times.segment.meanMs;
      high += own * server.times.segment.highMs;
    }
    if (places === 0) return { places, meanMs, highMs };
    return { places: Math.min(places, this.#most), meanMs: places / perMs, highMs: high / places };
  }

  /** The most calls that there may ever be. */
  get ceiling(): number {
    const sum = this.controls.reduce((total, { ceiling }) => total + ceiling, 0);
    return Math.min(sum, this.#most);
  }

  /** Of each, in their order. One of several that has never said what it can do is not there. */
  healths(now: number): readonly ServerHealth[] {
    const isOne = this.#names.length === 1;
    return this.controls.map((control) =>
      control.ceiling > 0 || isOne ? healthOf(control, now) : 'down',
    );
  }

  get #up(): readonly ServerControl[] {
    return this.controls.filter(({ ceiling, breaker }) => {
      return ceiling > 0 && breaker.openedAt === undefined;
    });
  }

  /** For this gateway, or for another one. A probe that is under way is worth waiting for. */
  #isThere(name: ServerId, now: number): boolean {
    const { control, notedAt } = this.get(name);
    const { ceiling, breaker } = control;
    if (ceiling === 0 || breakerState(breaker, now) === 'open') return false;
    return this.#names.includes(name) || now < notedAt + GONE_AFTER_MS;
  }

  #hasRoom(name: ServerId, now: number): boolean {
    const { control } = this.get(name);
    const inFlight = this.#inFlight(name);
    if (!mayBegin(control, inFlight, now)) return false;
    if (this.#names.length === 1) return true;
    if (this.#inFlight() >= this.#most) return false;
    // A probe is one call, whatever the others have.
    return control.breaker.openedAt !== undefined || inFlight < this.#bound(control);
  }

  /**
   * By the places of each, not by their number: with it, some server has room as long as there are
   * fewer calls than places.
   */
  #bound(control: ServerControl): number {
    let [places, calls] = [0, 1];
    for (const name of this.#names) {
      const { control: each } = this.get(name);
      if (each.ceiling === 0 || each.breaker.openedAt !== undefined) continue;
      places += placesOf(each);
      calls += this.#inFlight(name);
    }
    return Math.ceil((LOAD_BOUND * calls * placesOf(control)) / places);
  }
}
