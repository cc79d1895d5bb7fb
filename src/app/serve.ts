import { fileURLToPath } from 'node:url';
import { HttpFeatureServer } from '../adapters/feature-server/http-client.ts';
import { createUrlSigner } from '../adapters/feature-server/url-signer.ts';
import { createHttpFace } from '../adapters/http/face.ts';
import type { Listening } from '../adapters/http/listen.ts';
import { listen } from '../adapters/http/listen.ts';
import { createJsonLogger } from '../adapters/system/json-logger.ts';
import { createMetrics } from '../adapters/system/metrics.ts';
import { systemClock } from '../adapters/system/system-clock.ts';
import { systemRandom } from '../adapters/system/system-random.ts';
import { createTaskRunner } from '../adapters/system/task-runner.ts';
import { serverNamed } from '../core/affinity.ts';
import { serverId } from '../core/ids.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { openGateway } from '../gateway/gateway.ts';
import type { Config } from './config.ts';
import type { EmbeddedServer } from './embedded-server.ts';
import { createEmbeddedServer } from './embedded-server.ts';
import { openStorage } from './storage.ts';

/** The compiled page; built by `npm run build` also when the rest runs from source. */
const ASSETS_DIR = fileURLToPath(new URL('../../dist/', import.meta.url));
/** How long requests under way may take to end once the gateway has drained. */
const CLOSE_GRACE_MS = 2_000;
/** All of it, whatever hangs: what starts gateways ends those that take longer than ten seconds. */
const STOP_MS = 9_500;

/** A gateway that takes requests. */
export interface RunningGateway {
  /** How this machine reaches it, without a slash at the end. */
  readonly url: string;
  /** Lets running calls end, sends readers away, then stops; within ten seconds. May be called again. */
  close(): Promise<void>;
}

/**
 * Puts a whole gateway together and starts it, with the embedded feature server beside it unless the
 * configuration names another. It listens, and the embedded server answers, when the promise
 * resolves; when it rejects, nothing is left running.
 */
export async function serve(config: Config): Promise<RunningGateway> {
  const clock = systemClock;
  const random = systemRandom;
  const log = createJsonLogger({ level: config.logLevel });
  const metrics = createMetrics();
  await using opened = new AsyncDisposableStack();

  const { engine, urlSecret } = opened.use(await openStorage(config, log));
  // The port may be any; it is known once the server listens, before anything is signed.
  let ownUrl = '';
  const signer = createUrlSigner({
    base: () => ownUrl,
    secret: urlSecret,
    clock,
  });
  const embedded =
    config.featureServer.urls.length === 0
      ? createEmbeddedServer({ workers: config.featureServer.concurrency, clock, log })
      : undefined;
  if (embedded !== undefined) opened.use(embedded.supervisor);
  const features = featureServers(config, embedded).map(({ id, ...where }) => {
    const server = opened.use(new HttpFeatureServer({ ...where, signUrl: signer.sign, clock }));
    return { id, server };
  });
  for (const url of config.featureServer.urls) {
    log.info('a feature server is configured', { server: serverNamed(url), url });
  }
  const gateway = opened.use(
    openGateway(
      {
        engine,
        features,
        clock,
        random,
        log,
        metrics,
        // The gateway claims no more than the feature server takes; here nothing waits.
        runner: createTaskRunner(Number.POSITIVE_INFINITY),
        verifyUrl: signer.verify,
      },
      { ...config.gateway, featureConcurrency: config.featureServer.concurrency },
    ),
  );
  const face = createHttpFace({
    gateway,
    engine,
    clock,
    random,
    log,
    assetsDir: ASSETS_DIR,
    metrics,
    metricsText: () => metrics.text(),
    ...config.limits,
    cors: config.corsOrigins,
    allowedHosts: config.allowedHosts,
  });
  const server = opened.use(await listen({ face, host: config.host, port: config.port }));
  const url = reachable(server);
  ownUrl = embedded === undefined ? (config.selfUrl ?? url) : url;
  await embedded?.supervisor.start();
  return { url, close: closer(gateway, server, opened.move()) };
}

function featureServers({ featureServer }: Config, embedded: EmbeddedServer | undefined) {
  const { urls, token } = featureServer;
  if (embedded !== undefined) {
    const { supervisor } = embedded;
    const address = (signal: AbortSignal) => supervisor.address(signal);
    return [{ id: serverId('embedded'), address, token: embedded.token }];
  }
  return urls.map((url) => ({ id: serverNamed(url), address: async () => url, token }));
}

/** An address that stands for all of the machine's can be listened on, but not be called. */
function reachable({ url }: Listening): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function closer(gateway: Gateway, server: Listening, opened: AsyncDisposableStack) {
  const stop = async () => {
    server.retire();
    await gateway.drain();
    await server.close(CLOSE_GRACE_MS);
    await opened.disposeAsync();
  };
  const stopInTime = async () => {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = systemClock.after(STOP_MS, resolve);
    await Promise.race([stop(), late]).finally(() => timer.cancel());
  };
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= stopInTime();
    return closing;
  };
}
