import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { getRequestListener } from '@hono/node-server';
import { createFeatureApp } from './app.ts';
import { DEFAULT_STORE_BYTES, EmbeddingStore } from './embedding-store.ts';
import { SegmentationService } from './segmentation-service.ts';
import { WorkerPool } from './worker-pool.ts';

/** How the embedded feature server is started. */
export interface FeatureServerOptions {
  /** Address to listen on; loopback by default, since it fetches any url that it is told. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Bearer token that every call must carry. */
  readonly token?: string | undefined;
  /** Engine threads, and calls worked on at once; one a core by default. */
  readonly workers?: number;
  /** Memory that prepared images may take together. */
  readonly storeBytes?: number;
  /** Told of every failure that the caller only sees as a bare 500. */
  readonly onError?: (error: unknown) => void;
}

/** A feature server that listens. */
export interface RunningFeatureServer extends AsyncDisposable {
  /** Its base address, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Stops listening, drops what is under way and ends the threads. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts the embedded feature server: part B of the protocol over an engine that needs no trained
 * weights. It listens when the promise resolves.
 *
 * @example
 * await using server = await startFeatureServer({ workers: 2 });
 * const info = await fetch(`${server.url}/v1/info`);
 */
export async function startFeatureServer(
  options: FeatureServerOptions = {},
): Promise<RunningFeatureServer> {
  const {
    host = '127.0.0.1',
    port = 0,
    workers = availableParallelism(),
    token,
    onError,
  } = options;
  const pool = new WorkerPool(workers);
  const store = new EmbeddingStore(options.storeBytes ?? DEFAULT_STORE_BYTES);
  const service = new SegmentationService(store, pool);
  const app = createFeatureApp({ service, concurrency: workers, token, onError });
  const server = createServer(getRequestListener(app.fetch));
  try {
    await listen(server, host, port);
  } catch (error) {
    await pool[Symbol.asyncDispose]();
    throw error;
  }
  const address = server.address() as AddressInfo;
  const close = onlyOnce(() => shutDown(server, pool));
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

async function shutDown(server: Server, pool: WorkerPool): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await pool[Symbol.asyncDispose]();
  await closed;
}

/** The same ending for everyone who asks for it. */
function onlyOnce(end: () => Promise<void>): () => Promise<void> {
  let ending: Promise<void> | undefined;
  return () => {
    ending ??= end();
    return ending;
  };
}
