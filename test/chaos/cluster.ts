/** Three gateways of the built package on one Redis, each on a link of its own that can be spoiled. */
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import { freePort, RedisServer } from '../redis/redis-server.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { UNLIMITED } from '../support/unlimited.ts';
import { FaultProxy } from './fault-proxy.ts';
import { ServerProcess } from './processes.ts';
import type { Fleet } from './reader.ts';
import { StubProcess } from './stub-process.ts';

const CLI = fileURLToPath(new URL('../../dist/app/cli.js', import.meta.url));
const GATEWAYS = 3;
const CONCURRENCY = 4;
const SERVICE_MS = 60;
const FAULT_RATE = 0.05;

/** Short, so that a run goes through many of them. */
export const LEASE_MS = 3_000;

const SETTINGS = {
  ...UNLIMITED,
  MASKWIRE_LEASE_MS: String(LEASE_MS),
  MASKWIRE_CALL_TIMEOUT_MS: '2000',
  MASKWIRE_ENCODE_TIMEOUT_MS: '2000',
  // The whole log is read at the end.
  MASKWIRE_HISTORY_EVENTS: '1000000',
  MASKWIRE_MAX_POINTS_PER_OBJECT: '1000',
};

/** One gateway's place: its address stays while processes come and go. */
export class GatewayPlace {
  readonly index: number;
  readonly proxy: FaultProxy;
  readonly #port: number;
  readonly #env: Record<string, string>;
  readonly #errors: number;
  #process: ServerProcess | undefined;

  constructor(
    index: number,
    port: number,
    proxy: FaultProxy,
    options: {
      readonly featureServer: string;
      readonly heartbeatMs: number;
      readonly patienceMs: number | undefined;
      readonly logFile: string;
    },
  ) {
    this.index = index;
    this.proxy = proxy;
    this.#port = port;
    this.#errors = openSync(options.logFile, 'a');
    this.#env = {
      ...SETTINGS,
      PORT: String(port),
      MASKWIRE_HEARTBEAT_MS: String(options.heartbeatMs),
      ...patience(options.patienceMs),
      REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
      FEATURE_SERVER_URL: options.featureServer,
    };
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get running(): boolean {
    return this.#process?.ended === false;
  }

  /** Tries again: a gateway may refuse to start while Redis is away. */
  async start(): Promise<void> {
    for (let attempt = 1; !this.running; attempt += 1) {
      try {
        this.#process = await ServerProcess.start([CLI, 'serve'], this.#env, this.#errors);
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.signal(signal);
  }

  /** True when it ended by itself and well. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<boolean> {
    await this.#process?.end(signal);
    return this.#process?.endedWell === true;
  }
}

function patience(ms: number | undefined): Record<string, string> {
  if (ms === undefined) return {};
  return { MASKWIRE_MAX_WAIT_MS: String(ms), MASKWIRE_DEADLINE_MS: String(2 * ms) };
}

const START_ATTEMPTS = 20;

export interface Cluster extends AsyncDisposable {
  readonly places: readonly GatewayPlace[];
  readonly redis: RedisServer;
  readonly stub: StubProcess;
  readonly fleet: Fleet;
  readonly concurrency: number;
  /** Where the gateways' log lines go. */
  readonly folder: string;
  /** Called when the run found something, so that the folder stays. */
  keep(): void;
}

export interface ClusterOptions {
  readonly seed: number;
  /** Whether Redis writes everything to its disk before it answers. */
  readonly durable: boolean;
  readonly heartbeatMs: number;
  /** How long clicks may wait before they are refused or given up; as gateways have it if not given. */
  readonly patienceMs?: number | undefined;
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { seed, durable, heartbeatMs, patienceMs } = options;
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'maskwire-chaos-'));
  let kept = false;
  opened.defer(() => {
    if (!kept) rmSync(folder, { recursive: true, force: true });
  });
  // What was acknowledged must be there after a restart.
  const toDisk = durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : [];
  const redis = opened.use(await RedisServer.start(toDisk));
  const stub = opened.use(
    await StubProcess.start({
      seed,
      concurrency: CONCURRENCY,
      serviceMs: SERVICE_MS,
      faultRate: FAULT_RATE,
    }),
  );
  const places: GatewayPlace[] = [];
  for (let index = 0; index < GATEWAYS; index += 1) {
    const random = new SeededRandom(seed + index);
    const proxy = opened.use(await FaultProxy.open(redis.port, random));
    const place = new GatewayPlace(index, await freePort(), proxy, {
      featureServer: stub.url,
      heartbeatMs,
      patienceMs,
      logFile: join(folder, `gateway-${index}.log`),
    });
    opened.defer(async () => {
      await place.end('SIGKILL');
    });
    places.push(place);
  }
  // All of them are known, and can be ended, before a failure is told.
  const starts = await Promise.allSettled(places.map((place) => place.start()));
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  const dispatcher = new Agent({ connect: { timeout: 2_000 }, pipelining: 1 });
  opened.defer(() => dispatcher.destroy());
  const all = opened.move();
  return {
    places,
    redis,
    stub,
    fleet: { dispatcher, pick: (random) => random.pick(places).url },
    concurrency: CONCURRENCY,
    folder,
    keep: () => {
      kept = true;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
