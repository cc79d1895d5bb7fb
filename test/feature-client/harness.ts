/** A feature server that says what a test tells it to, and a client that asks it. */
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpFeatureServerOptions } from '../../src/adapters/feature-server/http-client.ts';
import { HttpFeatureServer } from '../../src/adapters/feature-server/http-client.ts';
import { systemClock } from '../../src/adapters/system/system-clock.ts';
import { imageId, tenant } from '../../src/core/ids.ts';
import { encodeMask } from '../../src/core/rle.ts';
import type { CallOptions, SegmentCall } from '../../src/ports/feature-server.ts';
import { FeatureServerError } from '../../src/ports/feature-server.ts';

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

/** Starts a server whose every answer is given by `answer`, and a client of it. */
export async function scripted(answer: Answer, options: Partial<HttpFeatureServerOptions> = {}) {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers, body: text === '' ? undefined : JSON.parse(text) });
    answer(response, request);
  };
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new HttpFeatureServer({
    address: async () => url,
    signUrl: (blob, owner) => `http://gateway/blobs/${blob}?tenant=${owner}`,
    clock: systemClock,
    ...options,
  });
  return {
    url,
    client,
    received,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export const WIDTH = 6;
export const HEIGHT = 4;

export const IMAGE = {
  imageId: imageId(`sha256-${'a'.repeat(64)}`),
  width: WIDTH,
  height: HEIGHT,
  bytes: 100,
  contentType: 'image/png',
};

export const CALL: SegmentCall = {
  tenant: tenant('acme'),
  image: IMAGE,
  prompt: { points: [{ x: 1, y: 2, label: 1 }] },
};

/** What a good server answers to {@link CALL}. */
export const GOOD = {
  mask: {
    format: 'coco_rle',
    ...encodeMask(
      Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i % 3 === 0 ? 1 : 0)),
      { width: WIDTH, height: HEIGHT },
    ),
  },
  score: 0.9,
  model: 'scripted',
};

export const options = (more: Partial<CallOptions> = {}): CallOptions => ({
  requestId: 'req-1',
  deadlineMs: 10_000,
  signal: new AbortController().signal,
  ...more,
});

/** The failure of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<FeatureServerError> {
  const error: unknown = await call.then(
    () => new Error('the call succeeded'),
    (cause: unknown) => cause,
  );
  if (error instanceof FeatureServerError) return error;
  throw error;
}
