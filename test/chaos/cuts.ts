/** Many readers whose connections are cut again and again, while clicks go on; then the check. */
import { within } from '../contract/support.ts';
import { Client } from './client.ts';
import { startCluster } from './cluster.ts';
import { pause } from './pause.ts';
import type { ReaderStyle } from './reader.ts';
import type { RunReport } from './run.ts';
import { play, SETTLE_MS } from './run.ts';

const READERS_PER_SESSION = 20;
/** One writer a session, with at most so long between two clicks. */
const PACE_MS = 2_000;
const HEARTBEAT_MS = 5_000;
/** Between two looks whether all have been cut often enough. */
const LOOK_MS = 500;

/** Cut where a connection happens to be: before its answer, between two frames, in the middle of one. */
const STYLE: Omit<ReaderStyle, 'cuts'> = {
  stayMs: [0, 6_000],
  awayMs: [0, 300],
  midFrame: 0.5,
  forgets: 0,
  silenceMs: 3 * HEARTBEAT_MS,
};

export interface CutsOptions {
  readonly seed: number;
  readonly readers: number;
  /** Of each reader. */
  readonly cuts: number;
  readonly log: (line: string) => void;
  readonly stop?: AbortSignal;
}

export interface CutsReport extends RunReport {
  readonly readers: number;
  readonly cuts: number;
  /** Of these, those in the middle of a frame. */
  readonly cutsInFrames: number;
}

export async function runCuts(options: CutsOptions): Promise<CutsReport> {
  const { seed, readers, cuts, log, stop } = options;
  await using cluster = await startCluster({ seed, durable: false, heartbeatMs: HEARTBEAT_MS });
  const badAnswers: string[] = [];
  const sessions = Math.ceil(readers / READERS_PER_SESSION);
  const opening = Array.from({ length: sessions }, (_, index) =>
    Client.open({
      name: `session ${index}`,
      fleet: cluster.fleet,
      seed: seed * 1_000 + index,
      readers: Math.min(READERS_PER_SESSION, readers - index * READERS_PER_SESSION),
      writers: 1,
      paceMs: PACE_MS,
      style: { ...STYLE, cuts },
      bad: (text) => badAnswers.push(text),
    }),
  );
  const clients = await within('the sessions', Promise.all(opening), SETTLE_MS);
  const all = clients.flatMap((client) => client.readers);
  const done = () => all.reduce((sum, reader) => sum + reader.cuts, 0);
  const never = new AbortController().signal;
  const happen = async () => {
    for (let told = 0; !all.every((reader) => reader.cuts >= cuts) && !stop?.aborted; ) {
      await pause(LOOK_MS, stop ?? never);
      const tenth = Math.floor((10 * done()) / (cuts * readers));
      if (tenth > told) log(`${done()} cuts`);
      told = tenth;
    }
    return [];
  };
  const report = await play({ cluster, clients, badAnswers, log, happen });
  const cutsInFrames = all.reduce((sum, reader) => sum + reader.cutsInFrames, 0);
  return { ...report, readers: all.length, cuts: done(), cutsInFrames };
}
