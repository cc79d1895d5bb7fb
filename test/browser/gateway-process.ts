/** The real gateway, as built, in a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const START_MS = 30_000;

export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Asks it to end as a deploy would, and waits for that. */
  stop(): Promise<void>;
}

/** Starts `maskwire serve`, on a free port unless one is named, and waits until it listens. */
export async function startGateway(
  options: { readonly port?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<GatewayProcess> {
  const args = ['dist/app/cli.js', 'serve', '--port', String(options.port ?? 0)];
  const child = spawn(process.execPath, args, {
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, MASKWIRE_LOG_LEVEL: 'error', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const url = await listening(child);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= end(child);
    return stopped;
  };
  return { url, port: Number(new URL(url).port), stop, [Symbol.asyncDispose]: stop };
}

async function listening(child: ChildProcess): Promise<string> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the gateway has no output');
  let complaints = '';
  stderr.on('data', (text) => {
    complaints += String(text);
  });
  const deadline = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    for await (const line of createInterface(stdout)) {
      const url = /listening on (\S+)/.exec(line)?.[1];
      // Whatever it says later must not fill the pipe.
      if (url !== undefined) return url;
    }
  } finally {
    clearTimeout(deadline);
    stdout.resume();
  }
  throw new Error(`the gateway did not start: ${complaints || 'was dist built?'}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const deadline = setTimeout(() => child.kill('SIGKILL'), START_MS);
  await exit;
  clearTimeout(deadline);
}
