import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { ServerProcess } from '../../../chaos/processes.ts';
import type { StubControl, StubOptions, StubStatistics } from './options.ts';
import { STUB_CONTROL } from './options.ts';

const PROGRAM = fileURLToPath(new URL('./server.ts', import.meta.url));

/** The feature server of {@link file://./server.ts} as a process. */
export class StubProcess implements StubControl, AsyncDisposable {
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

  async statistics(): Promise<StubStatistics> {
    const { body } = await request(`${this.url}${STUB_CONTROL.statistics}`);
    return (await body.json()) as StubStatistics;
  }

  async set(change: Partial<StubOptions>): Promise<void> {
    const init = { method: 'POST', body: JSON.stringify(change) } as const;
    const { body } = await request(`${this.url}${STUB_CONTROL.set}`, init);
    await body.dump();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}
