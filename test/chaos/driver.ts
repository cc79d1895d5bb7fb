/** Gateways that are killed, stopped and cut off under load; then the check of everything that was seen. */
import { within } from '../contract/support.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import { startCluster } from './cluster.ts';
import type { FaultKind } from './faults.ts';
import { FaultPlayer } from './faults.ts';
import type { RunReport } from './run.ts';
import { play, SETTLE_MS } from './run.ts';

const READERS = 2;
const WRITERS = 2;
/** A writer pauses this share of its longest pause, in the mean. */
const MEAN_PAUSE = 0.625;
/** What its writers together try in a second, unless told otherwise. */
const ACTIONS_PER_SECOND = 64;

export interface ChaosOptions {
  readonly seed: number;
  readonly kills: number;
  /** Instead of kills and what goes with them: how often every gateway is restarted in turn. */
  readonly rolling?: number;
  readonly sessions: number;
  /** Clicks, undos and removals that are tried a second. */
  readonly rate?: number | undefined;
  /** The faults end after this, played or not. */
  readonly faultsMs: number;
  readonly log: (line: string) => void;
  readonly stop?: AbortSignal;
}

export interface ChaosReport extends RunReport {
  readonly faults: Readonly<Record<FaultKind, number>>;
}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, log } = options;
  // What was acknowledged must be there after a restart of Redis.
  await using cluster = await startCluster({ seed, durable: true, heartbeatMs: 1_000 });
  const badAnswers: string[] = [];
  const { sessions, rate = ACTIONS_PER_SECOND } = options;
  const opening = Array.from({ length: sessions }, (_, index) =>
    Client.open({
      name: `session ${index}`,
      fleet: cluster.fleet,
      seed: seed * 1_000 + index,
      readers: READERS,
      writers: WRITERS,
      paceMs: Math.round((1_000 * sessions * WRITERS) / rate / MEAN_PAUSE),
      bad: (text) => badAnswers.push(text),
    }),
  );
  const clients = await within('the sessions', Promise.all(opening), SETTLE_MS);
  const player = new FaultPlayer(cluster, new SeededRandom(seed), log);
  const happen = () => disturb(cluster, player, options);
  const report = await play({ cluster, clients, badAnswers, log, happen });
  return { ...report, faults: player.played };
}

/** What did not go as it should. */
async function disturb(
  cluster: Cluster,
  player: FaultPlayer,
  { kills, rolling, faultsMs, stop }: ChaosOptions,
): Promise<readonly string[]> {
  if (rolling !== undefined) {
    // Nothing else goes wrong: what is lost now was lost by stopping.
    await cluster.stub.calm();
    return await player.roll(rolling);
  }
  const ends = [AbortSignal.timeout(faultsMs), ...(stop ? [stop] : [])];
  await player.play(kills, AbortSignal.any(ends));
  return [];
}
