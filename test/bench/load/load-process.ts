import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Target } from './click-source.ts';

const PROGRAM = fileURLToPath(new URL('./generator.ts', import.meta.url));

/** What the generator is told. Each is answered with a {@link Report}. */
export type Order =
  | { readonly kind: 'open'; readonly name: string; readonly target: Target }
  | { readonly kind: 'saturate'; readonly name: string; readonly burst: number }
  | {
      readonly kind: 'pace';
      readonly name: string;
      readonly perSecond: number;
      readonly burst: number;
    }
  /** What has happened since the last report. */
  | { readonly kind: 'report'; readonly name: string }
  /** No more clicks; reported when all have ended. */
  | { readonly kind: 'stop'; readonly name: string };

export interface Report {
  /** Of each click that ended since the last report, in milliseconds. */
  readonly latencies: readonly number[];
  /** Processor time of the generator since it began. */
  readonly cpuMs: number;
}

/** The load generator, a process of its own, so that what it costs can be told apart. */
export class LoadProcess implements AsyncDisposable {
  readonly #child: ChildProcess = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  readonly #ended = once(this.#child, 'exit');
  readonly #failed: Promise<never> = this.#ended.then(() => {
    throw new Error('the load generator has ended');
  });

  constructor() {
    // Heard only by who waits for an answer.
    this.#failed.catch(() => undefined);
  }

  /** Orders are carried out one after the other. */
  async tell(order: Order): Promise<Report> {
    const answered = once(this.#child, 'message');
    this.#child.send(order);
    const [report] = (await Promise.race([answered, this.#failed])) as [Report];
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }
}
