import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { ServerProcess } from './processes.ts';

const PROGRAM = fileURLToPath(new URL('./stub-feature-server.ts', import.meta.url));

/** Paths beside part B. */
export const STUB_CONTROL = { statistics: '/statistics', calm: '/calm' } as const;

export interface StubOptions {
  readonly seed: number;
  readonly concurrency: number;
  /** A call takes half to one and a half times as long. */
  readonly serviceMs: number;
  /** Share of the calls that go wrong. */
  readonly faultRate: number;
  /** Where it listens; on a free port when absent. */
  readonly port?: number;
}

export interface StubStatistics {
  readonly calls: number;
  readonly open: number;
  readonly mostOpen: number;
  readonly faults: number;
  /** What was open each time that there was more than may be. */
  readonly above: readonly string[];
}

/** The feature server of {@link file://./stub-feature-server.ts} as a process. */
export class StubProcess implements AsyncDisposable {
  readonly #server: ServerProcess;

  private constructor(server: ServerProcess) {
    this.#server = server;
  }

  static async start(options: StubOptions): Promise<StubProcess> {
    return new StubProcess(await ServerProcess.start([PROGRAM, JSON.stringify(options)]));
  }

  get url(): string {
    return this.#server.url;
  }

  statistics(): Promise<StubStatistics> {
    return this.#ask(STUB_CONTROL.statistics);
  }

  /** No faults from now on. */
  calm(): Promise<StubStatistics> {
    return this.#ask(STUB_CONTROL.calm);
  }

  /** Ends it at once. */
  kill(): Promise<void> {
    return this.#server.end('SIGKILL');
  }

  async #ask(path: string): Promise<StubStatistics> {
    const { body } = await request(`${this.url}${path}`);
    return (await body.json()) as StubStatistics;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}
