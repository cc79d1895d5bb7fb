import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FeatureServerSupervisor } from '../../src/adapters/feature-server/supervisor.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { FeatureServerError } from '../../src/ports/feature-server.ts';
import type { Clock, Logger } from '../../src/ports/system.ts';

/** Announces its own process id as its address, then does what its argument says. */
const CHILD = `
const [how] = process.argv.slice(2);
if (how === 'broken') { console.error('no such model'); process.exit(3); }
process.on('disconnect', () => process.exit(0));
if (how === 'stubborn') process.on('SIGTERM', () => {});
console.log('token ' + process.env.FEATURE_SERVER_TOKEN + ' args ' + process.argv.slice(2));
process.send({ type: 'nonsense' });
process.send({ type: 'listening', url: 'pid:' + process.pid });
`;

async function supervised(how: string, clock: Clock = systemClock) {
  const folder = await mkdtemp(join(tmpdir(), 'maskwire-supervisor-'));
  const entry = join(folder, 'child.mjs');
  await writeFile(entry, CHILD);
  const lines: string[] = [];
  const keep = (message: string, fields: unknown) =>
    lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Logger = { info: keep, warn: keep, error: keep };
  const env = { FEATURE_SERVER_TOKEN: 'hush' };
  const supervisor = new FeatureServerSupervisor({ entry, args: [how], env, clock, log });
  return {
    supervisor,
    lines,
    async [Symbol.asyncDispose]() {
      await supervisor[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const never = new AbortController().signal;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('the address is the one that the child announces, until it is stopped', async () => {
  await using child = await supervised('good');
  await child.supervisor.start();
  const { pid } = child.supervisor;
  expect(await child.supervisor.address(never)).toBe(`pid:${pid}`);
  await child.supervisor[Symbol.asyncDispose]();
  expect(alive(pid ?? 0)).toBe(false);
});

test('a child that dies is started again after growing pauses', async () => {
  const pauses: number[] = [];
  const hurried: Clock = {
    now: systemClock.now,
    after(ms, task) {
      // Restarts only; the limits on starting and stopping stay what they are.
      const restart = ms <= 2_000;
      if (restart) pauses.push(ms);
      return systemClock.after(restart ? 1 : ms, task);
    },
  };
  await using child = await supervised('good', hurried);
  await child.supervisor.start();
  const seen = new Set<string>();
  for (let i = 0; i < 4; i++) {
    const address = await child.supervisor.address(never);
    expect(seen.has(address)).toBe(false);
    seen.add(address);
    process.kill(Number(address.slice('pid:'.length)), 'SIGKILL');
    await expect.poll(() => pauses.length, { timeout: 10_000 }).toBe(i + 1);
  }
  expect(pauses).toEqual([250, 500, 1_000, 2_000]);
});

test('waiting for an address ends with the waiter, and with the supervisor', async () => {
  await using child = await supervised('good');
  const caller = new AbortController();
  const waiting = child.supervisor.address(caller.signal);
  const reason = new Error('gone');
  caller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const left = child.supervisor.address(never);
  await child.supervisor[Symbol.asyncDispose]();
  await expect(left).rejects.toBeInstanceOf(FeatureServerError);
});

test('one that cannot start at all is an error with its last words', async () => {
  await using child = await supervised('broken');
  await expect(child.supervisor.start()).rejects.toThrow(
    'The embedded feature server did not start. no such model',
  );
});

test('one that ignores SIGTERM is killed', async () => {
  const impatient: Clock = {
    now: systemClock.now,
    after: (ms, task) => systemClock.after(Math.min(ms, ms === 3_000 ? 20 : ms), task),
  };
  await using child = await supervised('stubborn', impatient);
  await child.supervisor.start();
  const { pid } = child.supervisor;
  await child.supervisor[Symbol.asyncDispose]();
  expect(alive(pid ?? 0)).toBe(false);
});

test('the token travels in the environment, not in the arguments', async () => {
  await using child = await supervised('good');
  await child.supervisor.start();
  await expect.poll(() => child.lines.join()).toContain('token hush args good');
});
