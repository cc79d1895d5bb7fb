import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeMask } from '../../../src/core/rle.ts';
import type { SegmentRequest } from '../../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../../src/protocol/feature-server.ts';

export interface Stub extends AsyncDisposable {
  readonly url: string;
  /** What it was asked so far, and how long that took it. */
  readonly calls: number;
  readonly tookMs: number;
}

/** A feature server that answers at once, so that what is left is the gateway. */
export async function startStub(concurrency: number): Promise<Stub> {
  const masks = new Map<string, string>();
  let calls = 0;
  let tookMs = 0;
  const server = createServer(async (request, response) => {
    const startedAt = performance.now();
    let body = '';
    for await (const chunk of request) body += chunk;
    response.setHeader('content-type', 'application/json');
    response.end(answer(request.url ?? '', body, masks, concurrency));
    calls += 1;
    tookMs += performance.now() - startedAt;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get calls() {
      return calls;
    },
    get tookMs() {
      return tookMs;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(url: string, body: string, masks: Map<string, string>, concurrency: number) {
  if (url === FEATURE_ROUTES.info) {
    return JSON.stringify({
      name: 'stub',
      version: '1',
      models: ['stub'],
      concurrency,
      encode: true,
      cancellable: false,
      maxImageBytes: 5_242_880,
    });
  }
  if (url === FEATURE_ROUTES.encode) return JSON.stringify({ embedding: { id: 'stub' } });
  const { image } = JSON.parse(body) as SegmentRequest;
  const known = masks.get(image.id);
  if (known !== undefined) return known;
  const mask = new Uint8Array(image.width * image.height);
  for (let y = 0; y < image.height / 2; y += 1) {
    mask.fill(1, y * image.width, y * image.width + (image.width >> 1) - (y >> 2));
  }
  const made = JSON.stringify({
    mask: { format: 'coco_rle', ...encodeMask(mask, image) },
    score: 1,
    model: 'stub',
  });
  masks.set(image.id, made);
  return made;
}
