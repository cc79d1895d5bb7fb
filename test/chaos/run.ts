/** A run of any kind: readers and writers at work while something happens, then peace, then the check. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { within } from '../contract/support.ts';
import { checkRun } from './check.ts';
import type { Client } from './client.ts';
import type { Cluster } from './cluster.ts';
import type { RunHistory } from './history.ts';
import { pause } from './pause.ts';
import type { Reader } from './reader.ts';
import type { Violation } from './verdict.ts';

/** Of what is still going on when the faults end. */
export const SETTLE_MS = 60_000;
/** Between two looks at the sessions. */
const LOOK_MS = 200;
/** Sessions whose logs are read at once. */
const HISTORIES_AT_ONCE = 8;

export interface RunReport {
  readonly clicksSent: number;
  readonly clicksAcknowledged: number;
  /** How often each reason was given. */
  readonly refusals: ReadonlyMap<string, number>;
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

export interface Play {
  readonly cluster: Cluster;
  readonly clients: readonly Client[];
  /** Collected while the run goes on. */
  readonly badAnswers: readonly string[];
  readonly log: (line: string) => void;
  /**
   * What the run is about; everything that was spoiled is whole again when it resolves, with what did
   * not go as it should.
   */
  readonly happen: () => Promise<readonly string[]>;
}

export async function play(scene: Play): Promise<RunReport> {
  const { cluster, clients, badAnswers } = scene;
  const { sessions, unsettled } = await live(scene);
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
    clicksSent: clicks.length,
    clicksAcknowledged: clicks.filter(({ answers }) => answers.length > 0).length,
    refusals: counted(clicks.flatMap(({ refusedWith }) => refusedWith ?? [])),
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

function counted(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

/** Load while something happens, then peace until everything has ended, then everybody's records. */
async function live({
  cluster,
  clients,
  log,
  happen,
}: Play): Promise<Pick<RunHistory, 'sessions' | 'unsettled'>> {
  const writing = new AbortController();
  const reading = new AbortController();
  const readers = clients.flatMap((client) => client.readers);
  const reads = Promise.all(readers.map((reader) => reader.run(reading.signal)));
  const writers = clients.flatMap((client) => client.writers);
  const writes = Promise.all(writers.map((writer) => writer.run(writing.signal)));
  try {
    const bad = await happen();
    log('peace');
    await cluster.stub.calm();
    writing.abort();
    for (const reader of readers) reader.calm();
    await within('the writers to end', writes, SETTLE_MS);
    const unsettled = [...bad, ...(await settle(clients))];
    reading.abort();
    await within('the readers to end', reads, SETTLE_MS);
    log('histories');
    return { sessions: await histories(clients), unsettled };
  } finally {
    writing.abort();
    reading.abort();
  }
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

async function histories(clients: readonly Client[]): Promise<RunHistory['sessions']> {
  const found: RunHistory['sessions'][number][] = [];
  for (let first = 0; first < clients.length; first += HISTORIES_AT_ONCE) {
    const some = clients.slice(first, first + HISTORIES_AT_ONCE);
    const read = Promise.all(some.map((client) => client.history()));
    found.push(...(await within('the histories', read, SETTLE_MS)));
  }
  return found;
}

function keepHistory(cluster: Cluster, run: RunHistory): void {
  cluster.keep();
  const plain = (_: string, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value) : value;
  writeFileSync(join(cluster.folder, 'history.json'), JSON.stringify(run, plain));
}
