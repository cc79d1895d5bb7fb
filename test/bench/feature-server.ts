import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startFeatureServer } from '../../src/feature-server/server.ts';
import { FEATURE_ROUTES } from '../../src/protocol/feature-server.ts';
import type { Bench, Figure } from './support/figures.ts';
import { median, quantile } from './support/figures.ts';
import { distinctPoints, renderPhoto } from './support/photo.ts';
import { call } from './support/session.ts';

const ENCODES = 12;
const SEGMENTS = 60;

async function serveBytes(bytes: Uint8Array): Promise<Disposable & { url: string }> {
  const server = createServer((_, response) => response.end(bytes)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, [Symbol.dispose]: () => void server.close() };
}

async function timed(url: string, body: unknown): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const startedAt = performance.now();
  await call(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return performance.now() - startedAt;
}

export const featureServer: Bench = {
  name: 'feature server',
  caution: 'One call at a time over HTTP on loopback, fetching the image included in encode.',
  async run(): Promise<Figure[]> {
    const { scene, jpeg } = await renderPhoto(1);
    using source = await serveBytes(jpeg);
    await using server = await startFeatureServer();
    const { width, height } = scene;
    const image = (id: string) => ({
      id,
      url: source.url,
      contentType: 'image/jpeg',
      width,
      height,
    });
    const encodes: number[] = [];
    for (let index = 0; index < ENCODES; index += 1) {
      const body = { requestId: `e${index}`, image: image(`image-${index}`) };
      encodes.push(await timed(`${server.url}${FEATURE_ROUTES.encode}`, body));
    }
    const points = distinctPoints(scene);
    const segments: number[] = [];
    for (let index = 0; index < SEGMENTS; index += 1) {
      const prompt = { points: [points.next().value] };
      const body = {
        requestId: `s${index}`,
        image: image('image-0'),
        prompt,
        deadlineMs: 9e3,
        params: {},
      };
      segments.push(await timed(`${server.url}${FEATURE_ROUTES.segment}`, body));
    }
    return [
      {
        name: 'encode, 1 MP, p50',
        value: median(encodes.slice(2)),
        unit: 'ms',
        target: { most: 250 },
      },
      {
        name: 'segment, 1 MP, first clicks, p50',
        value: median(segments.slice(5)),
        unit: 'ms',
        target: { most: 60 },
      },
      { name: 'segment, p95', value: quantile(segments.slice(5), 0.95), unit: 'ms' },
    ];
  },
};
