/** One run: a cluster under load and faults, then peace, then the check of everything that was seen. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { within } from '../contract/support.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { checkRun } from './check.ts';
import { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import { startCluster } from './cluster.ts';
import type { FaultKind } from './faults.ts';
import { FaultPlayer } from './faults.ts';
import type { RunHistory } from './history.ts';
import { pause } from './pause.ts';
import type { Reader } from './reader.ts';
import type { Violation } from './verdict.ts';

/** Of what is still going on when the faults end. */
const SETTLE_MS = 60_000;
/** Between two looks at the sessions. */
const LOOK_MS = 200;
/** Between two actions of one writer and for each session: the load stays the same with more. */
const PACE_MS = 50;

export interface ChaosOptions {
  readonly seed: number;
  readonly kills: number;
  /** Instead of kills and what goes with them: how often every gateway is restarted in turn. */
  readonly rolling?: number;
  readonly sessions: number;
  /** The faults end after this, played or not. */
  readonly faultsMs: number;
  readonly log: (line: string) => void;
  readonly stop?: AbortSignal;
}

export interface ChaosReport {
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly clicksSent: number;
  readonly clicksAcknowledged: number;
  readonly clicksRefused: number;
  readonly eventsLogged: number;
  readonly eventsRead: number;
  readonly connections: number;
  readonly resets: number;
  readonly masksCompared: number;
  readonly calls: number;
  readonly callFaults: number;
  readonly mostOpenCalls: number;
  readonly ceiling: number;
  readonly violations: readonly Violation[];
  /** Log lines and history, kept when there are violations. */
  readonly folder?: string;
}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  await using cluster = await startCluster(options.seed);
  const badAnswers: string[] = [];
  const clients = await openClients(cluster, options, (text) => badAnswers.push(text));
  const player = new FaultPlayer(cluster, new SeededRandom(options.seed), options.log);
  const { sessions, unsettled } = await live(cluster, clients, player, options);
  const statistics = await cluster.stub.statistics();
  const { concurrency: ceiling } = cluster;
  const { mostOpen: mostOpenCalls, above: callsAbove } = statistics;
  const run = { sessions, ceiling, mostOpenCalls, callsAbove, badAnswers, unsettled };
  const verdict = checkRun(run);
  if (verdict.violations.length > 0) keepHistory(cluster, run);
  const readers = clients.flatMap((client) => client.readers);
  const sum = (count: (reader: Reader) => number) =>
    readers.reduce((total, reader) => total + count(reader), 0);
  const clicks = sessions.flatMap((session) => session.clicks);
  return {
    ...verdict,
    faults: player.played,
    clicksSent: clicks.length,
    clicksAcknowledged: clicks.filter(({ answers }) => answers.length > 0).length,
    clicksRefused: clicks.filter(({ refusedWith }) => refusedWith !== undefined).length,
    eventsLogged: sessions.reduce((total, { log }) => total + log.length, 0),
    eventsRead: sum(({ events }) => events),
    connections: sum(({ connections }) => connections),
    resets: sum(({ resets }) => resets),
    calls: statistics.calls,
    callFaults: statistics.faults,
    mostOpenCalls,
    ceiling,
    ...(verdict.violations.length > 0 ? { folder: cluster.folder } : {}),
  };
}

/** Load and faults, then peace until everything has ended, then everybody's records. */
async function live(
  cluster: Cluster,
  clients: readonly Client[],
  player: FaultPlayer,
  options: ChaosOptions,
): Promise<Pick<RunHistory, 'sessions' | 'unsettled'>> {
  const writing = new AbortController();
  const reading = new AbortController();
  const readers = clients.flatMap((client) => client.readers);
  const reads = Promise.all(readers.map((reader) => reader.run(reading.signal)));
  const writers = clients.flatMap((client) => client.writers);
  const writes = Promise.all(writers.map((writer) => writer.run(writing.signal)));
  try {
    const bad = await disturb(cluster, player, options);
    options.log('peace');
    await cluster.stub.calm();
    writing.abort();
    for (const reader of readers) reader.calm();
    await within('the writers to end', writes, SETTLE_MS);
    const unsettled = [...bad, ...(await settle(clients))];
    reading.abort();
    await within('the readers to end', reads, SETTLE_MS);
    const histories = Promise.all(clients.map((client) => client.history()));
    return { sessions: await within('the histories', histories, SETTLE_MS), unsettled };
  } finally {
    writing.abort();
    reading.abort();
  }
}

/** What did not go as it should. */
async function disturb(cluster: Cluster, player: FaultPlayer, options: ChaosOptions) {
  if (options.rolling !== undefined) {
    // Nothing else goes wrong: what is lost now was lost by stopping.
    await cluster.stub.calm();
    return await player.roll(options.rolling);
  }
  const ends = [AbortSignal.timeout(options.faultsMs), ...(options.stop ? [options.stop] : [])];
  await player.play(options.kills, AbortSignal.any(ends));
  return [];
}

function openClients(
  { fleet }: Cluster,
  { sessions, seed }: ChaosOptions,
  bad: (text: string) => void,
): Promise<readonly Client[]> {
  const opening = Array.from({ length: sessions }, (_, index) =>
    Client.open({
      name: `session ${index}`,
      fleet,
      seed: seed * 1_000 + index,
      paceMs: sessions * PACE_MS,
      bad,
    }),
  );
  return within('the sessions', Promise.all(opening), SETTLE_MS);
}

/** Waits until nothing is owed to anybody; says what still was when the time was over. */
async function settle(clients: readonly Client[]): Promise<readonly string[]> {
  const late = AbortSignal.timeout(SETTLE_MS);
  let waiting = clients;
  let reasons: readonly string[] = [];
  while (waiting.length > 0 && !late.aborted) {
    const looks = await Promise.all(
      waiting.map(async (client) => ({ client, reason: await client.unrest() })),
    );
    const restless = looks.filter(({ reason }) => reason !== undefined);
    waiting = restless.map(({ client }) => client);
    reasons = restless.map(({ client, reason }) => `${client.sessionId}: ${reason}`);
    await pause(LOOK_MS, late);
  }
  return reasons;
}

function keepHistory(cluster: Cluster, run: RunHistory): void {
  cluster.keep();
  const plain = (_: string, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value) : value;
  writeFileSync(join(cluster.folder, 'history.json'), JSON.stringify(run, plain));
}
