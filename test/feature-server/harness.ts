/** A feature server and the gateway's side of it: something that serves images by url. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeRle, maskOfRuns } from '../../src/core/rle.ts';
import type { FeatureServerOptions } from '../../src/feature-server/server.ts';
import { startFeatureServer } from '../../src/feature-server/server.ts';
import type { ImageReference, SegmentResponse } from '../../src/protocol/feature-server.ts';

/** The name of bytes by their content. */
export const contentId = (bytes: Uint8Array): string =>
  `sha256-${createHash('sha256').update(bytes).digest('hex')}`;

/** Serves bytes by path and counts how often each was asked for. */
async function startImageHost(files: Readonly<Record<string, Uint8Array>>) {
  const fetched = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    fetched.set(path, (fetched.get(path) ?? 0) + 1);
    const bytes = files[path];
    if (!bytes) response.writeHead(404);
    response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    fetched,
    url: (path: string) => `${base}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A running server with one image host beside it. */
export async function start(
  files: Readonly<Record<string, Uint8Array>>,
  options: FeatureServerOptions = {},
) {
  const images = await startImageHost(files);
  const server = await startFeatureServer({ workers: 2, ...options });
  return {
    images,
    server,
    /** How a gateway would name a served file. */
    reference(path: string, width: number, height: number): ImageReference {
      const bytes = files[path] ?? new Uint8Array();
      return {
        id: contentId(bytes),
        url: images.url(path),
        contentType: 'image/jpeg',
        width,
        height,
      };
    },
    post(path: string, body: unknown, init: RequestInit = {}): Promise<Response> {
      return fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...init,
      });
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await images[Symbol.asyncDispose]();
    },
  };
}

/** The row-major mask of an answer. */
export function maskOf({ mask }: SegmentResponse): Uint8Array {
  const [height, width] = mask.size;
  return maskOfRuns(decodeRle(mask), { width, height });
}

/** The body of a segment call. */
export const segmentOf = (image: Partial<ImageReference>, prompt: object, more: object = {}) => ({
  requestId: 'r1',
  image,
  prompt,
  deadlineMs: 10_000,
  params: {},
  ...more,
});
