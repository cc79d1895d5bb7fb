import type { ServerId } from '../core/ids.ts';
import type { Engine } from '../ports/engine.ts';
import type { Dispatcher } from './work/dispatcher.ts';
import type { ServiceMonitor } from './work/service-monitor.ts';

export interface Readiness {
  readonly ready: boolean;
  /** What keeps the gateway from taking clicks, or from doing so as well as it could; a sentence each. */
  readonly problems: readonly string[];
}

/** A32: whether clicks can be taken now. */
export class HealthService {
  readonly #engine: Engine;
  readonly #monitor: ServiceMonitor;
  readonly #dispatcher: Dispatcher;
  readonly #servers: readonly ServerId[];
  #draining = false;

  constructor(
    engine: Engine,
    monitor: ServiceMonitor,
    dispatcher: Dispatcher,
    servers: readonly ServerId[],
  ) {
    this.#servers = servers;
    this.#engine = engine;
    this.#monitor = monitor;
    this.#dispatcher = dispatcher;
  }

  /** From now on the answer is no: this gateway is about to stop. */
  drain(): void {
    this.#draining = true;
  }

  async readiness(): Promise<Readiness> {
    const problems: string[] = [];
    if (this.#draining) problems.push('This gateway is stopping.');
    if (this.#dispatcher.limit === 0 || this.#monitor.state === 'down') {
      problems.push('No feature server has answered.');
    }
    const lack = await this.#storageProblem();
    if (lack !== undefined) problems.push(lack);
    const ready = problems.length === 0;
    return { ready, problems: ready ? this.#absentServers() : problems };
  }

  /** Of several; the others do their work. */
  #absentServers(): readonly string[] {
    if (this.#servers.length === 1) return [];
    return this.#servers
      .filter((_, n) => this.#monitor.healths[n] === 'down')
      .map((server) => `Feature server ${server} does not answer.`);
  }

  async #storageProblem(): Promise<string | undefined> {
    if (await fails(this.#engine.ready())) return 'The storage cannot be reached.';
    if (await fails(this.#engine.durable()))
      return 'The storage has no replica that confirms changes.';
    return undefined;
  }
}

async function fails(attempt: Promise<void>): Promise<boolean> {
  try {
    await attempt;
    return false;
  } catch {
    return true;
  }
}
