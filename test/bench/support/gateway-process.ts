import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { spawnBound } from '../../support/bound-child.ts';
import { UNLIMITED } from '../../support/unlimited.ts';

const START_DEADLINE_MS = 30_000;

/** A gateway of the built package as a process of its own, on a free port. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Resident memory of the gateway alone, in bytes. */
  residentBytes(): number;
  /** Processor time that it has used, in milliseconds. */
  cpuMs(): number;
}

export async function startGateway(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const child = spawnBound(process.execPath, ['dist/app/cli.js', 'serve'], {
    env: { ...process.env, PORT: '0', ...UNLIMITED, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await announcedUrl(child);
  await untilReady(url);
  const pid = child.pid ?? 0;
  return {
    url,
    pid,
    residentBytes: () => residentBytes(pid),
    cpuMs: () => cpuMs(pid),
    [Symbol.asyncDispose]: () => stop(child),
  };
}

/** From `/proc`: what the operating system counts, not what the process believes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Resident memory when it has not moved for a second: the collector has caught up. */
export async function settledBytes(pid: number): Promise<number> {
  let last = residentBytes(pid);
  for (let quiet = 0; quiet < 4; ) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = residentBytes(pid);
    quiet = Math.abs(now - last) < 256 * 1024 ? quiet + 1 : 0;
    last = now;
  }
  return last;
}

/** Linux counts in hundredths of a second. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export async function announcedUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no standard output');
  // Listened to for good: a pipe that is closed under a process ends it.
  const lines = createInterface({ input: child.stdout });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  lines.on('line', (line) => {
    const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
    if (url !== undefined) resolve(url);
  });
  lines.on('close', () => reject(new Error('a server did not start; is the package built?')));
  const timer = setTimeout(() => child.kill(), START_DEADLINE_MS);
  return await promise.finally(() => clearTimeout(timer));
}

/** Takes clicks: its feature server has answered. */
export async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the gateway did not become ready');
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(hard);
}
