/** Gateways that are killed, stopped and cut off under load; then the check of everything that was seen. */
import { within } from '../contract/support.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import { startCluster } from './cluster.ts';
import type { FaultKind } from './faults.ts';
import { FaultPlayer } from './faults.ts';
import { pause } from './pause.ts';
import type { RunReport } from './run.ts';
import { play, SETTLE_MS } from './run.ts';
import type { Writer } from './writer.ts';

const READERS = 2;
const WRITERS = 2;
/** A writer pauses this share of its longest pause, in the mean. */
const MEAN_PAUSE = 0.625;
const PATIENCE_MS = 60_000;
/** Between two looks at what was acknowledged. */
const LOOK_MS = 200;
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
  /** The faults wait for so many acknowledged clicks, which come between them evenly. */
  readonly clicks?: number | undefined;
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
  const { sessions, rate = ACTIONS_PER_SECOND, clicks = 0 } = options;
  // Where clicks are waited for, none is given up because the machine is slow.
  const patience = clicks > 0 ? { patienceMs: PATIENCE_MS } : {};
  await using cluster = await startCluster({
    seed,
    durable: true,
    heartbeatMs: 1_000,
    ...patience,
  });
  const badAnswers: string[] = [];
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
  const writers = clients.flatMap((client) => client.writers);
  const happen = () => disturb(cluster, player, writers, options);
  const report = await play({ cluster, clients, badAnswers, log, happen });
  return { ...report, faults: player.played };
}

/** What did not go as it should. */
async function disturb(
  cluster: Cluster,
  player: FaultPlayer,
  writers: readonly Writer[],
  { kills, rolling, clicks = 0, faultsMs, stop }: ChaosOptions,
): Promise<readonly string[]> {
  if (rolling !== undefined) {
    // Nothing else goes wrong: what is lost now was lost by stopping.
    await cluster.stub.calm();
    return await player.roll(rolling);
  }
  const ends = [AbortSignal.timeout(faultsMs), ...(stop ? [stop] : [])];
  const end = AbortSignal.any(ends);
  const acknowledged = () => writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
  const due = async (share: number) => {
    while (acknowledged() < share * clicks && !end.aborted) await pause(LOOK_MS, end);
  };
  await player.play(kills, end, due);
  await due(1);
  return [];
}
