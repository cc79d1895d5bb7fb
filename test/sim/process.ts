import type { GatewayPorts } from '../../src/gateway/gateway.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import type { GatewaySettings } from '../../src/gateway/settings.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { FeatureServer, NamedServer } from '../../src/ports/feature-server.ts';
import type { Clock, Logger, Metrics, TaskRunner, Timer } from '../../src/ports/system.ts';
import type { FaultyFeatureServer } from './faulty-feature-server.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { VirtualClock } from './virtual-clock.ts';

export type SimulatedServer = NamedServer & { readonly server: FaultyFeatureServer };

export const silentLog: Logger = { info() {}, warn() {}, error() {} };

export const noMetrics: Metrics = {
  clickAccepted() {},
  clickRefused() {},
  requestRefused() {},
  segmentEnded() {},
  featureCall() {},
  featureServer() {},
  etaMissed() {},
  streamsOpen() {},
  streamReset() {},
  streamFrames() {},
};

/**
 * One gateway process on a shared engine. Killed, it stops between any two steps: its timers never
 * fire and its commands never return. Stalled, its commands take until the end of the stall.
 */
export class SimulatedProcess {
  readonly gateway: Gateway;
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  /** Commands take up to this long each way, so that others come in between. */
  readonly #lagMs: number;
  #alive = true;
  #stalledUntil = 0;
  readonly #aborts = new Set<AbortController>();

  constructor(
    engine: Engine,
    servers: readonly SimulatedServer[],
    clock: VirtualClock,
    random: SeededRandom,
    settings: GatewaySettings,
    /** Without it, only what was enqueued at the right moment is ever worked on. */
    sweeping: boolean,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#lagMs = random.pick([0, 0, 5, 40]);
    const ports: GatewayPorts = {
      engine: this.#proxyEngine(engine, sweeping),
      features: servers.map(({ id, server }) => ({ id, server: this.#proxyServer(server) })),
      clock: this.#processClock(),
      random,
      log: silentLog,
      metrics: noMetrics,
      runner: runner(),
      verifyUrl: () => true,
    };
    this.gateway = new Gateway(ports, settings);
    this.gateway.start();
  }

  /** kill -9: the kernel closes its connections, so its calls are closed at the feature server. */
  kill(): void {
    this.#alive = false;
    for (const abort of this.#aborts) abort.abort(new Error('killed'));
  }

  /** SIGSTOP for a while: nothing of it moves. */
  stall(ms: number): void {
    this.#stalledUntil = this.#clock.now() + ms;
  }

  /** Resolves when the process can go on; never, once it was killed. */
  async #turn(): Promise<void> {
    if (this.#lagMs > 0) await this.#clock.sleep(this.#random.between(0, this.#lagMs));
    await this.#unlessStalled();
  }

  async #unlessStalled(): Promise<void> {
    while (this.#alive && this.#clock.now() < this.#stalledUntil) {
      await this.#clock.sleep(this.#stalledUntil - this.#clock.now());
    }
    if (!this.#alive) await new Promise(() => {});
  }

  #processClock(): Clock {
    return {
      now: () => this.#clock.now(),
      after: (ms: number, task: () => void): Timer =>
        this.#clock.after(ms, () => void this.#unlessStalled().then(task)),
    };
  }

  #proxyEngine(engine: Engine, sweeping: boolean): Engine {
    const { sessions, log, queue, watch, presence, images, blobs, idempotency, buckets } = engine;
    return {
      sessions: this.#proxy(sessions, {
        durably: (run) => this.#after(sessions.durably((commands) => run(this.#proxy(commands)))),
        ...(sweeping ? {} : { dirty: async () => ({ objects: [], images: [] }) }),
      }),
      log: {
        extent: async (session) => this.#after(log.extent(session)),
        read: async (session, after, limit) => this.#after(log.read(session, after, limit)),
        subscribe: async (session, listener) =>
          this.#after(
            log.subscribe(session, {
              appended: (events) => this.#alive && listener.appended(events),
              passing: (frame) => this.#alive && listener.passing(frame),
            }),
          ),
        pass: (session, frame) => log.pass(session, frame),
      },
      queue: this.#proxy(queue, {
        // A gateway's own affair: no command.
        useServers: (...servers: Parameters<typeof queue.useServers>) =>
          queue.useServers(...servers),
        onAvailable: (ring: () => void) =>
          queue.onAvailable(() => void this.#unlessStalled().then(ring)),
      }),
      watch: this.#proxy(watch),
      presence: this.#proxy(presence),
      images: this.#proxy(images),
      blobs: this.#proxy(blobs),
      idempotency: this.#proxy(idempotency),
      buckets: this.#proxy(buckets),
      ready: () => engine.ready(),
      durable: () => engine.durable(),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async #after<Result>(result: Promise<Result>): Promise<Result> {
    const value = await result;
    await this.#turn();
    return value;
  }

  /** Every method takes its turn before the command is sent and again before its reply is seen. */
  #proxy<Port extends object>(port: Port, own: Partial<Port> = {}): Port {
    return new Proxy(port, {
      get: (target, name) => {
        if (Reflect.has(own, name)) return Reflect.get(own, name);
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          await this.#turn();
          return this.#after(Promise.resolve(Reflect.apply(method, target, args)));
        };
      },
    });
  }

  #proxyServer(server: FaultyFeatureServer): FeatureServer {
    const linked = <Result>(
      signal: AbortSignal,
      call: (linkedSignal: AbortSignal) => Promise<Result>,
    ): Promise<Result> => {
      const abort = new AbortController();
      this.#aborts.add(abort);
      signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true });
      return this.#after(call(abort.signal).finally(() => this.#aborts.delete(abort)));
    };
    return {
      info: () => this.#after(server.info()),
      encode: (call, options) =>
        linked(options.signal, (signal) => server.encode(call, { ...options, signal })),
      segment: (call, options) =>
        linked(options.signal, (signal) => server.segment(call, { ...options, signal })),
    };
  }
}

function runner(): TaskRunner {
  let active = 0;
  let rest: (() => void)[] = [];
  return {
    get active() {
      return active;
    },
    run(task) {
      active += 1;
      void task().finally(() => {
        active -= 1;
        if (active > 0) return;
        for (const resolve of rest) resolve();
        rest = [];
      });
    },
    idle: () => (active === 0 ? Promise.resolve() : new Promise((resolve) => rest.push(resolve))),
  };
}
