import { TURN_COST } from './item.ts';
import { Lane } from './lane.ts';
import type { LaneName, Slot } from './slot.ts';

/** By urgency: people who wait, then what failed once, then what nobody has asked for yet. */
const LANES: readonly LaneName[] = ['interactive', 'retry', 'preparation'];

/**
 * How many may be served before a lane with work that could start, so that an interactive lane that
 * is never empty starves nobody: a quarter of the calls for retries, which are bounded themselves,
 * and a tenth for preparations.
 */
const PATIENCE: Readonly<Record<LaneName, number>> = {
  interactive: Number.POSITIVE_INFINITY,
  retry: 3,
  preparation: 9,
};

/** What waits, by urgency and in turn. */
export class Lanes<Value> {
  readonly #lanes: Readonly<Record<LaneName, Lane<Slot<Value>>>> = {
    interactive: new Lane(),
    retry: new Lane(),
    preparation: new Lane(),
  };
  /** How many were served before each lane since it was last served itself. */
  readonly #passed: Record<LaneName, number> = { interactive: 0, retry: 0, preparation: 0 };
  #arrivals = 0;

  /** At the tail of its session's turns. */
  put(slot: Slot<Value>, lane: LaneName): void {
    this.#arrivals += 1;
    slot.lane = lane;
    const { session, cost = TURN_COST } = slot.item;
    this.#lanes[lane].add(slot, session, this.#arrivals, cost);
  }

  /** It waits here. */
  remove(slot: Slot<Value>): void {
    this.#lanes[slot.lane].remove(slot);
  }

  /** Takes the next that may start. */
  serve(mayStart: (slot: Slot<Value>) => boolean): Slot<Value> | undefined {
    const impatient = LANES.filter((name) => this.#passed[name] >= PATIENCE[name]);
    for (const name of [...impatient, ...LANES]) {
      const slot = this.#lanes[name].serve(mayStart);
      if (slot === undefined) continue;
      this.#notePassed(name, mayStart);
      return slot;
    }
    return undefined;
  }

  /** Those that are served before it. */
  position(slot: Slot<Value>): number {
    return this.#before(slot.lane) + this.#lanes[slot.lane].indexOf(slot);
  }

  /** Those that would be served before one that the session added now. */
  preview(session: string, lane: LaneName): number {
    return this.#before(lane) + this.#lanes[lane].preview(session);
  }

  /** Whether a preparation would be served earlier in the session's next turn. A retry is let be. */
  isBetterOff(slot: Slot<Value>, session: string): boolean {
    if (slot.lane !== 'interactive') return slot.lane === 'preparation';
    return this.#lanes.interactive.nextTag(session) < slot.tag;
  }

  /** Retries in turn, those that are not due yet too. */
  get retries(): Iterable<Slot<Value>> {
    return this.#lanes.retry;
  }

  /** Forgets whose turn it was; for an empty queue. */
  reset(): void {
    for (const name of LANES) this.#lanes[name].reset();
  }

  #before(lane: LaneName): number {
    const earlier = LANES.slice(0, LANES.indexOf(lane));
    return earlier.reduce((sum, name) => sum + this.#lanes[name].size, 0);
  }

  #notePassed(served: LaneName, mayStart: (slot: Slot<Value>) => boolean): void {
    this.#passed[served] = 0;
    for (const name of LANES.slice(LANES.indexOf(served) + 1)) {
      if (this.#lanes[name].some(mayStart)) this.#passed[name] += 1;
    }
  }
}
