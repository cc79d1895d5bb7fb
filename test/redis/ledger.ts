/** Somebody who clicks without a pause, and remembers what was acknowledged. */
import type { Engine } from '../../src/ports/engine.ts';
import type { Changed } from '../../src/ports/session-store.ts';
import type { Scene } from '../contract/support.ts';
import { CONTRACT_SETTINGS, point } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { openReplicated } from './durability/replicated-engine.ts';
import { isUnavailable, whileUnavailable } from './support.ts';

/** Clicks of a whole run fit on one object. */
const SETTINGS = { ...CONTRACT_SETTINGS, maxPointsPerObject: 1_000_000, historyEvents: 1_000_000 };
/** No fault lasts so long. */
const FAULT_MS = 120_000;

/** A gateway that acknowledges what a replica has, with room for a whole run. */
export function openForLedgers(url: string, prefix: string): Promise<Engine> {
  return openReplicated(url, prefix, SETTINGS);
}

export class Ledger {
  readonly scene: Scene;
  readonly acknowledged: Changed[] = [];
  refused = 0;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** One click, sent once; true when it was acknowledged. Rejects with what no fault excuses. */
  async click(): Promise<boolean> {
    try {
      await this.#send();
      return true;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      return false;
    }
  }

  /** Comes back after a refusal, as a client does that is told to. */
  async run(stop: AbortSignal): Promise<void> {
    const click = async () => {
      if (!stop.aborted) await this.#send();
    };
    while (!stop.aborted) await whileUnavailable('an acknowledged click', click, FAULT_MS);
  }

  /** Acknowledged clicks that the session does not know. */
  async lost(): Promise<readonly string[]> {
    const { clicks } = await this.scene.object('a');
    const known = new Set<string>(clicks.map(({ clickId }) => clickId));
    return this.acknowledged.map(({ clickId }) => clickId).filter((id) => !known.has(id));
  }

  async #send(): Promise<void> {
    const { scene } = this;
    const command = scene.command('a', point(this.acknowledged.length % 90));
    try {
      const accept = scene.sessions.durably((all) => all.accept(scene.session, command));
      this.acknowledged.push(await accept);
    } catch (error) {
      if (isUnavailable(error)) this.refused += 1;
      throw error;
    }
  }
}

/** Resolves when each of them has been told of so many more clicks. */
async function progress(ledgers: readonly Ledger[], clicks: number): Promise<void> {
  const goals = ledgers.map(({ acknowledged }) => acknowledged.length + clicks);
  const check = async () => {
    const behind = ledgers.filter(({ acknowledged }, n) => acknowledged.length < (goals[n] ?? 0));
    if (behind.length > 0) throw new Error(`${behind.length} sessions are not acknowledged`);
  };
  await eventually('acknowledged clicks', check, 25_000);
}

/** Clicks in all of them while something happens, and until each has gone on. */
export async function clickDuring(
  ledgers: readonly Ledger[],
  happen: () => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  const runs = Promise.all(ledgers.map((ledger) => ledger.run(stop.signal)));
  try {
    await progress(ledgers, 5);
    await happen();
    await progress(ledgers, 5);
  } finally {
    stop.abort();
    await runs;
  }
}
