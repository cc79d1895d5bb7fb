/**
 * `npm run chaos -- [--kills N | --rolling N] [--sessions N] [--seed N]`: gateways on one Redis, killed,
 * stopped and cut off under load, or restarted in turn; then everything that readers and writers saw is
 * checked. Fails on any violation.
 */
import { parseArgs } from 'node:util';
import { runChaos } from './driver.ts';
import { summary } from './summary.ts';

/** Bounds that two cores can take. */
const MAX = { kills: 1_000, sessions: 200 } as const;
/** Far more than a kill and what goes with it takes. */
const MS_PER_KILL = 10_000;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    rolling: { type: 'string' },
    sessions: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const kills = count('kills', values.kills, MAX.kills);
/** Rounds of restarting every gateway in turn, instead of kills. */
const rolling =
  values.rolling === undefined ? undefined : count('rolling', values.rolling, MAX.kills);
const sessions = count('sessions', values.sessions, MAX.sessions);
const seed = count('seed', values.seed, Number.MAX_SAFE_INTEGER / 10_000);

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

const faults = rolling === undefined ? `${kills} kills` : `${rolling} rounds of restarts`;
console.log(`seed ${seed}, ${faults}, ${sessions} sessions`);
const start = performance.now();
const report = await runChaos({
  seed,
  kills,
  ...(rolling === undefined ? {} : { rolling }),
  sessions,
  faultsMs: 30_000 + kills * MS_PER_KILL,
  stop: interrupted.signal,
  log: (line) =>
    console.log(`${((performance.now() - start) / 1000).toFixed(1).padStart(7)} ${line}`),
});
console.log(`\n${summary(report)}`);
process.exitCode = report.violations.length === 0 ? 0 : 1;

function count(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  console.error(`--${name} must be a whole number from 1 to ${most}`);
  process.exit(2);
}
