/** The processes of a run: each is ended by its own handle, also when the run fails. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { within } from '../contract/support.ts';
import { spawnBound } from '../support/bound-child.ts';

const START_MS = 30_000;
const END_MS = 10_000;

/** A program that says where it listens. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(
    args: readonly string[],
    env: Record<string, string> = {},
    errors: 'ignore' | number = 'ignore',
  ): Promise<ServerProcess> {
    const child = spawnBound(process.execPath, args, {
      env: { ...process.env, ...env },
      // Standard input stays open as long as this process lives.
      stdio: ['pipe', 'pipe', errors],
    });
    try {
      return new ServerProcess(
        await within('a server to listen', announced(child), START_MS),
        child,
      );
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** True when it ended by itself and well. */
  get endedWell(): boolean {
    return this.#child.exitCode === 0;
  }

  /** Ends it at once (`SIGKILL`, which a stopped process takes too), or lets it end. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    if (this.ended) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill(signal);
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), END_MS);
    await gone.finally(() => clearTimeout(hard));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

async function announced(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the process has no standard output');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Listened to for good: a pipe that is closed under a process ends it.
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
    if (url !== undefined) resolve(url);
  });
  lines.on('close', () => reject(new Error('a process ended before it listened')));
  child.once('error', reject);
  return await promise;
}
