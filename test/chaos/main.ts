/**
 * `npm run chaos -- --help`: gateways on one Redis that are killed, stopped and cut off under load, or
 * restarted in turn; readers that are cut off; a primary that is killed or cut off from its Sentinels.
 * Everything that readers and writers saw is checked. Fails on any violation, and when `replicated` loses
 * what it acknowledged.
 */
import { parseArgs } from 'node:util';
import { runCuts } from './cuts.ts';
import { runChaos } from './driver.ts';
import type { Level, Loss, LostPrimaryReport } from './lost-primary/experiment.ts';
import { LEVELS, runLostPrimary } from './lost-primary/experiment.ts';
import { lostPrimarySummary } from './lost-primary/summary.ts';
import { cutsSummary, summary } from './summary.ts';

const USAGE = `npm run chaos -- [--kills N] [--clicks N] [--sessions N] [--rate N] [--seed N]
npm run chaos -- --rolling N [--sessions N] [--rate N] [--seed N]
npm run chaos -- --readers N [--cuts N] [--seed N]
npm run chaos -- --partition SECONDS [--sessions N] [--rate N] [--seed N]
npm run chaos -- --failover SECONDS [--sessions N] [--rate N] [--seed N]

  --kills N     gateways killed, and with them stops, restarts, spoiled links (20)
  --clicks N    acknowledged between the kills, which wait for them (0)
  --rolling N   rounds of restarting every gateway in turn
  --readers N   twenty a session
  --cuts N      how often each of them is cut off (20)
  --partition N seconds for which a primary and its gateways are cut off from its replica, once for each
                level of durability
  --failover N  the same for a primary that is killed, and started again so many seconds later
  --sessions N  with two readers and two writers each (20)
  --rate N      clicks, undos and removals that are tried a second (64)
  --seed N      the same seed plays the same faults; another one each time`;

/** Bounds that two cores can take. */
const MAX = {
  ...{ kills: 1_000, clicks: 100_000, sessions: 200, rate: 500 },
  ...{ readers: 5_000, cuts: 1_000, seconds: 60 },
} as const;
/** Far more than a kill and what goes with it takes. */
const MS_PER_KILL = 10_000;
const MS_PER_CLICK = 200;
/** Clicks before the primary is lost. */
const CALM_MS = 5_000;
/** Of Sentinels; their own default of 30 s would leave gateways with a cut-off primary as long. */
const DOWN_AFTER_MS = 2_000;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    kills: { type: 'string', default: '20' },
    clicks: { type: 'string' },
    rolling: { type: 'string' },
    sessions: { type: 'string', default: '20' },
    rate: { type: 'string', default: '64' },
    readers: { type: 'string' },
    cuts: { type: 'string', default: '20' },
    partition: { type: 'string' },
    failover: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit();
}
const seed = count('seed', values.seed, Number.MAX_SAFE_INTEGER / 10_000);

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

const start = performance.now();
const log = (line: string) =>
  console.log(`${((performance.now() - start) / 1000).toFixed(1).padStart(7)} ${line}`);
const violations = await chosen();
process.exitCode = violations === 0 ? 0 : 1;

function chosen(): Promise<number> {
  if (values.partition !== undefined) return lostPrimary('cut', values.partition);
  if (values.failover !== undefined) return lostPrimary('kill', values.failover);
  return values.readers === undefined ? chaos() : cutReaders(values.readers);
}

async function chaos(): Promise<number> {
  const kills = count('kills', values.kills, MAX.kills);
  const sessions = count('sessions', values.sessions, MAX.sessions);
  const rate = count('rate', values.rate, MAX.rate);
  /** Rounds of restarting every gateway in turn, instead of kills. */
  const rolling =
    values.rolling === undefined ? {} : { rolling: count('rolling', values.rolling, MAX.kills) };
  const faults =
    values.rolling === undefined ? `${kills} kills` : `${values.rolling} rounds of restarts`;
  console.log(`seed ${seed}, ${faults}, ${sessions} sessions, ${rate} actions a second`);
  const clicks = values.clicks === undefined ? 0 : count('clicks', values.clicks, MAX.clicks);
  const faultsMs = 30_000 + kills * MS_PER_KILL + clicks * MS_PER_CLICK;
  const load = { kills, ...rolling, clicks, sessions, rate, faultsMs };
  const report = await runChaos({ seed, ...load, stop: interrupted.signal, log });
  console.log(`\n${summary(report)}`);
  return report.violations.length;
}

async function cutReaders(text: string): Promise<number> {
  const readers = count('readers', text, MAX.readers);
  const cuts = count('cuts', values.cuts, MAX.cuts);
  console.log(`seed ${seed}, ${readers} readers, ${cuts} cuts each`);
  const report = await runCuts({ seed, readers, cuts, stop: interrupted.signal, log });
  console.log(`\n${cutsSummary(report)}`);
  return report.violations.length;
}

/** Acknowledged clicks that `replicated` has lost. */
async function lostPrimary(loss: Loss, text: string): Promise<number> {
  const name = loss === 'cut' ? 'partition' : 'failover';
  const lostMs = count(name, text, MAX.seconds) * 1_000;
  const sessions = count('sessions', values.sessions, MAX.sessions);
  const rate = count('rate', values.rate, MAX.rate);
  console.log(`seed ${seed}, ${name} of ${text} s, ${sessions} sessions, ${rate} clicks a second`);
  const load = { seed, sessions, rate, calmMs: CALM_MS, lostMs, downAfterMs: DOWN_AFTER_MS };
  const reports: LostPrimaryReport[] = [];
  for (const level of Object.keys(LEVELS) as Level[]) {
    reports.push(await runLostPrimary({ ...load, loss, level, log }));
  }
  console.log(`\n${lostPrimarySummary(reports)}`);
  return reports.find(({ level }) => level === 'replicated')?.lost ?? 0;
}

function count(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  console.error(`--${name} must be a whole number from 1 to ${most}`);
  process.exit(2);
}
