/** A whole gateway on a real socket: memory engine, scripted feature server, HTTP face. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpFaceOptions } from '../../src/adapters/http/face.ts';
import { createHttpFace } from '../../src/adapters/http/face.ts';
import { listen } from '../../src/adapters/http/listen.ts';
import { openMemoryEngine } from '../../src/adapters/memory/engine.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { systemRandom } from '../../src/adapters/system/system-random.ts';
import { createTaskRunner } from '../../src/adapters/system/task-runner.ts';
import { ONLY_SERVER } from '../../src/core/burst/server-set.ts';
import type { GatewayOptions } from '../../src/gateway/gateway.ts';
import { openGateway } from '../../src/gateway/gateway.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { Logger, Metrics } from '../../src/ports/system.ts';
import type {
  ClickAccepted,
  ImageBody,
  SessionCreated,
  Snapshot,
} from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import { ScriptedFeatures } from './http-features.ts';
import { plainPng } from './http-images.ts';

const silentMetrics: Metrics = {
  clickAccepted: () => {},
  clickRefused: () => {},
  requestRefused: () => {},
  segmentEnded: () => {},
  featureCall: () => {},
  featureServer: () => {},
  etaMissed: () => {},
  streamsOpen: () => {},
  streamReset: () => {},
  streamFrames: () => {},
};

/** Keeps what was logged, so that a test can look for what must not be there. */
class MemoryLogger implements Logger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] =
    [];
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');

  #writer(level: string) {
    return (message: string, fields?: Readonly<Record<string, unknown>>) => {
      this.lines.push({ level, message, fields });
    };
  }
}

export interface StartOptions {
  readonly settings?: Partial<GatewayOptions>;
  readonly face?: Partial<HttpFaceOptions>;
  readonly verifyUrl?: (blobId: string) => boolean;
  /** Wraps or replaces parts of the engine, to make it fail. */
  readonly engine?: (engine: Engine) => Engine;
}

/** Starts everything; disposing ends it in order. */
export async function startGateway(options: StartOptions = {}) {
  const settings = { ...DEFAULT_SETTINGS, featureConcurrency: 2, ...options.settings };
  const log = new MemoryLogger();
  const features = new ScriptedFeatures();
  const memory = openMemoryEngine({ settings, limit: 2 });
  const engine = options.engine?.(memory) ?? memory;
  const ports = { clock: systemClock, random: systemRandom, log };
  const gateway = openGateway(
    {
      ...ports,
      engine,
      features: [{ id: ONLY_SERVER, server: features }],
      metrics: silentMetrics,
      runner: createTaskRunner(8),
      verifyUrl: options.verifyUrl ?? (() => false),
    },
    settings,
  );
  const assetsDir = await makeAssets();
  const face = createHttpFace({
    ...ports,
    gateway,
    engine,
    assetsDir,
    cors: [],
    allowedHosts: [],
    ...options.face,
  });
  const server = await listen({ face, host: '127.0.0.1', port: 0 });
  return {
    features,
    gateway,
    face,
    server,
    log,
    url: server.url,
    port: server.port,
    async [Symbol.asyncDispose]() {
      await server.close(0);
      await gateway[Symbol.asyncDispose]();
      await memory[Symbol.asyncDispose]();
      await rm(assetsDir, { recursive: true });
    },
  };
}

export type TestGateway = Awaited<ReturnType<typeof startGateway>>;

async function makeAssets(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'maskwire-assets-'));
  await mkdir(join(root, 'web', 'parts'), { recursive: true });
  await mkdir(join(root, 'app'));
  await writeFile(join(root, 'web', 'index.html'), '<!doctype html><title>Studio</title>');
  await writeFile(join(root, 'web', 'parts', 'main.js'), 'export const answer = 42;\n');
  await writeFile(join(root, 'web', '.secret.js'), 'hidden');
  await writeFile(join(root, 'app', 'config.js'), 'not for pages');
  return root;
}

/** Sends JSON. */
export function send(
  gateway: { readonly url: string },
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const content =
    body === undefined
      ? {}
      : {
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { 'content-type': 'application/json', ...headers },
        };
  return fetch(`${gateway.url}${path}`, { method, headers, ...content });
}

/** A session with nothing in it. */
export async function openSession(gateway: { readonly url: string }): Promise<SessionCreated> {
  const response = await send(gateway, 'POST', paths.sessions, {});
  return (await response.json()) as SessionCreated;
}

/** Where the stream of a session is, and its pages are. */
export const eventsUrl = (gateway: { readonly url: string }, sessionId: string): string =>
  `${gateway.url}${paths.events(sessionId)}`;

/** A session with one image of 60 × 40 pixels, ready to be clicked on. */
export async function openWithImage(gateway: { readonly url: string }) {
  const { sessionId } = await openSession(gateway);
  const image = await addImage(gateway, sessionId, await plainPng(60, 40));
  return { sessionId, imageId: image.imageId };
}

export async function addImage(
  gateway: { readonly url: string },
  sessionId: string,
  bytes: Uint8Array,
): Promise<ImageBody> {
  const response = await fetch(`${gateway.url}${paths.images(sessionId)}`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: bytes as Uint8Array<ArrayBuffer>,
  });
  return (await response.json()) as ImageBody;
}

export async function click(
  gateway: { readonly url: string },
  sessionId: string,
  body: object,
): Promise<ClickAccepted> {
  const points = [{ x: 5, y: 5, label: 1 }];
  const response = await send(gateway, 'POST', paths.clicks(sessionId), { points, ...body });
  return (await response.json()) as ClickAccepted;
}

export async function snapshotOf(
  gateway: { readonly url: string },
  sessionId: string,
): Promise<Snapshot> {
  return (await (await send(gateway, 'GET', paths.session(sessionId))).json()) as Snapshot;
}
