import type { Engine } from '../ports/engine.ts';
import type { NamedServer } from '../ports/feature-server.ts';
import type { Clock, Logger, Metrics, Random, TaskRunner } from '../ports/system.ts';
import { Chores } from './chores.ts';
import { ClickService } from './click-service.ts';
import { HealthService } from './health-service.ts';
import type { VerifyUrl } from './image-service.ts';
import { ImageService } from './image-service.ts';
import { ObjectService } from './object-service.ts';
import { QueueReporter } from './queue-reporter.ts';
import { SessionService } from './session-service.ts';
import { SessionWatch } from './session-watch.ts';
import type { GatewaySettings } from './settings.ts';
import { StorageMonitor } from './storage-monitor.ts';
import { EventPages } from './stream/event-pages.ts';
import { StreamService } from './stream/stream-service.ts';
import { Sweeper } from './sweeper.ts';
import { Dispatcher } from './work/dispatcher.ts';
import { Promises } from './work/promises.ts';
import { ReadyContents } from './work/ready-contents.ts';
import { ServiceMonitor } from './work/service-monitor.ts';
import { turnCosts } from './work/turn-cost.ts';
import { WorkEntry } from './work/work-entry.ts';

/** How long calls under way may go on when the gateway stops. */
const CALL_GRACE_MS = 5_000;
/** How often the storage is asked whether it is there: readers that lost it wait for the answer. */
const STORAGE_CHECK_MS = 1_000;
/** How often waiting readers learn their places in the queue. */
const QUEUE_REPORT_MS = 1_000;
/** How often the streams' positions are compared with the log (L12). */
const POSITION_CHECK_MS = 10_000;
/** How often sessions whose turn has come are looked at for work that nobody has a token for (L7). */
const SWEEP_MS = 5_000;
/** How often the other gateways are told anew who reads here. */
const PRESENCE_MS = 20_000;
/** How often expired sessions are closed, and those with a stream kept alive: at most. */
const EXPIRY_MS = 60_000;

export interface GatewayPorts {
  readonly engine: Engine;
  /** At least one; all gateways know them by the same names. */
  readonly features: readonly NamedServer[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly runner: TaskRunner;
  /** True for a blob URL that the feature servers were given. */
  readonly verifyUrl: VerifyUrl;
}

export interface GatewayOptions extends GatewaySettings {
  /** Calls that may be open at all feature servers; what they say of themselves when absent (B1). */
  readonly featureConcurrency?: number | undefined;
}

/**
 * One gateway: everything that can be asked of it, as use cases, and the work that it does by itself.
 * Several gateways on one engine are one service.
 */
export class Gateway implements AsyncDisposable {
  readonly settings: GatewaySettings;
  readonly sessions: SessionService;
  readonly images: ImageService;
  readonly clicks: ClickService;
  readonly objects: ObjectService;
  readonly streams: StreamService;
  readonly pages: EventPages;
  readonly health: HealthService;
  readonly #dispatcher: Dispatcher;
  readonly #chores: Chores;
  readonly #stopping = new AbortController();
  #drained: Promise<void> | undefined;

  constructor(ports: GatewayPorts, options: GatewayOptions) {
    const { engine, clock, random, log, metrics } = ports;
    this.settings = options;
    this.streams = new StreamService({ ...ports, ...engine }, options);
    const stopping = this.#stopping.signal;
    this.pages = new EventPages(engine.log, clock, (id) => this.streams.snapshot(id), stopping);
    const turnCost = turnCosts(options.tenantWeights);
    const sweeper = new Sweeper(engine, clock, turnCost, options.deadlineMs);
    const promises = new Promises(clock, metrics);
    const watch = new SessionWatch(engine.watch, clock);
    const servers = ports.features.map(({ id }) => id);
    const monitor = new ServiceMonitor({
      changed: (state) => {
        log.warn('the feature server changed its state', { state });
        this.streams.setServiceState(state);
      },
      serverChanged: (n, health) => {
        const server = servers[n];
        if (server === undefined) return;
        metrics.featureServer(server, health !== 'down');
        if (servers.length > 1) log.info('one of the feature servers changed', { server, health });
      },
    });
    const contents = new ReadyContents(clock);
    const work = new WorkEntry({ engine, clock, promises, contents, turnCost }, options);
    this.sessions = new SessionService(
      { engine, clock, random },
      this.streams,
      watch,
      options.sessionTtlMs,
    );
    this.images = new ImageService(engine, clock, ports.verifyUrl, turnCost);
    this.clicks = new ClickService({ engine, clock, random, metrics, stopping }, work);
    this.objects = new ObjectService(engine, clock, work);
    this.#dispatcher = new Dispatcher(
      { ...ports, promises, contents, monitor, watch, turnCost, settings: options },
      ports.features,
      options.featureConcurrency,
    );
    this.health = new HealthService(engine, monitor, this.#dispatcher, servers);
    const storage = new StorageMonitor(engine, log, {
      changed: (available) => {
        this.streams.setStorage(available);
        // What happened meanwhile, a loss of the log included, was announced to nobody.
        if (available) this.streams.checkPositions().catch(() => undefined);
      },
      reachable: () => void this.streams.resume(),
    });
    const reporter = new QueueReporter(this.streams, work, clock);
    // Several times in a life time, however short: an open stream has to be counted as use in time.
    const expiryMs = Math.min(EXPIRY_MS, options.sessionTtlMs / 3);
    this.#chores = new Chores(clock, log, [
      { name: 'storage', everyMs: STORAGE_CHECK_MS, run: () => storage.check() },
      { name: 'queue places', everyMs: QUEUE_REPORT_MS, run: () => reporter.report() },
      { name: 'positions', everyMs: POSITION_CHECK_MS, run: () => this.streams.checkPositions() },
      { name: 'presence', everyMs: PRESENCE_MS, run: () => this.streams.renewPresence() },
      { name: 'sweep', everyMs: SWEEP_MS, run: () => sweeper.sweep() },
      { name: 'expiry', everyMs: expiryMs, run: () => this.sessions.expire() },
    ]);
  }

  /** Starts claiming work. */
  start(): void {
    this.#dispatcher.start();
    this.#chores.start();
  }

  /**
   * Claims nothing any more, lets running calls end but not for long, then sends the streams away and
   * answers what was held (A25). Takes some seconds at most; may be called again.
   */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  /** Stops everything; the engine stays open, it was handed in. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#chores.stop();
    await this.drain();
  }

  async #drain(): Promise<void> {
    this.health.drain();
    this.streams.refuse();
    await this.#dispatcher.stop(CALL_GRACE_MS);
    this.streams.drain();
    this.#stopping.abort();
  }
}

/** Makes a gateway and starts it. */
export function openGateway(ports: GatewayPorts, options: GatewayOptions): Gateway {
  const gateway = new Gateway(ports, options);
  gateway.start();
  return gateway;
}
