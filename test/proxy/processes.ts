/** Programs that the tests run beside themselves. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { within } from '../support/http-within.ts';

/** Whole processes start and stop within this, on a machine that is busy. */
const SOON_MS = 30_000;

export interface StartOptions {
  readonly cwd?: string;
  /** All of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that goes on until it is told to stop; tests wait for what it prints. */
export class Running implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child;
  readonly #name: string;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  ended = false;

  constructor(program: string, args: readonly string[], { cwd, env }: StartOptions = {}) {
    this.#name = [program, ...args].join(' ');
    this.#child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: output }).on('line', (line) => {
        this.lines.push(line);
        this.#wake();
      });
    }
    // What was printed last is read before `close`; a program that cannot be started ends with `error`.
    this.#ended = once(this.#child, 'close')
      .catch((error: unknown) => this.lines.push(String(error)))
      .finally(() => {
        this.ended = true;
        this.#wake();
      });
  }

  /** The first line that matches, now or later. */
  line(pattern: RegExp): Promise<string> {
    const label = `${this.#name} prints ${pattern}`;
    const wait = async () => {
      for (;;) {
        const found = this.lines.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (this.ended) throw new Error(`ended before ${label}:\n${this.lines.join('\n')}`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    };
    return within(wait(), label, SOON_MS);
  }

  /** Resolves when it has ended by itself. */
  async end(): Promise<void> {
    await within(this.#ended, `${this.#name} ends`, SOON_MS);
  }

  /** Sends it a signal and waits for its end. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    if (!this.ended) this.#child.kill(signal);
    await within(this.#ended, `${this.#name} ends after ${signal}`, SOON_MS);
  }

  /** At once: nothing that a test started is worth an orderly end. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop('SIGKILL');
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
