/** Runs the command line as a process of its own, from source. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const CLI = fileURLToPath(new URL('../../src/app/cli.ts', import.meta.url));

type Env = Readonly<Record<string, string>>;

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: Env, cwd: string): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, [CLI, ...args], { env: { PATH, HOME, ...env }, cwd });
}

/** Runs a command to its end. */
export async function maskwire(
  args: readonly string[],
  { env = {}, cwd = tmpdir() }: { env?: Env; cwd?: string } = {},
): Promise<Output> {
  const child = start(args, env, cwd);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Starts a command that goes on, and lets a test wait for what it prints. */
export function background(args: readonly string[], env: Env = {}) {
  const child = start(args, env, tmpdir());
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  for (const output of [child.stdout, child.stderr]) {
    if (output === null) continue;
    createInterface({ input: output }).on('line', (line) => {
      lines.push(line);
      wake();
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => {
    wake();
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return {
    child,
    lines,
    ended,
    /** The first line that matches; fails when the process ends without one. */
    line(pattern: RegExp): Promise<string> {
      const found = Promise.withResolvers<string>();
      const look = () => {
        const line = lines.find((each) => pattern.test(each));
        if (line !== undefined) found.resolve(line);
      };
      waiting.add(look);
      look();
      void ended.then(() => found.reject(new Error(`no ${pattern} in:\n${lines.join('\n')}`)));
      return found.promise.finally(() => waiting.delete(look));
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A gateway on a free port with the embedded feature server, one engine thread. */
export async function gateway(env: Env = {}) {
  const process = background(['serve'], { PORT: '0', FEATURE_CONCURRENCY: '1', ...env });
  const line = await process.line(/^Maskwire is listening on /);
  return { ...process, url: line.slice(line.lastIndexOf(' ') + 1) };
}

/** A folder that is gone after the test. */
export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'maskwire-cli-'));
  return {
    path,
    file: (name: string) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export const DISC = { width: 160, height: 120, x: 90, y: 60, radius: 32 };

/** True inside of the disc that {@link writeDisc} draws. */
export function inDisc(x: number, y: number): boolean {
  return (x + 0.5 - DISC.x) ** 2 + (y + 0.5 - DISC.y) ** 2 < DISC.radius ** 2;
}

/** A picture whose one object nobody can mistake. */
export async function writeDisc(file: string): Promise<void> {
  const { width, height, x, y, radius } = DISC;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="100%" height="100%" fill="#25405a"/>
    <circle cx="${x}" cy="${y}" r="${radius}" fill="#e8b13a"/></svg>`;
  await sharp(Buffer.from(svg)).png().toFile(file);
}
