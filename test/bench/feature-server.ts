import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Point } from '../../src/core/prompt.ts';
import { startFeatureServer } from '../../src/feature-server/server.ts';
import { FEATURE_ROUTES } from '../../src/protocol/feature-server.ts';
import type { Bench, Figure } from './support/figures.ts';
import { median, quantile } from './support/figures.ts';
import { renderPhoto } from './support/photo.ts';
import { call } from './support/session.ts';

const ENCODES = 12;
const ROUNDS = 3;
/** Where the clicks of a burst lie, in pixels from the object's middle. */
const BURST = [
  [0, 0],
  [4, 3],
  [-5, 2],
  [2, -5],
] as const;

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
    const first: number[] = [];
    const later: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { click } of scene.objects) {
        const points: Point[] = [];
        for (const [dx, dy] of BURST) {
          points.push({ x: click.x + dx + 2 * round, y: click.y + dy, label: 1 });
          const body = {
            requestId: 's',
            image: image('image-0'),
            prompt: { points },
            deadlineMs: 9e3,
            params: {},
          };
          const times = points.length === 1 ? first : later;
          times.push(await timed(`${server.url}${FEATURE_ROUTES.segment}`, body));
        }
      }
    }
    const all = [...first, ...later];
    return [
      {
        name: 'encode, 1 MP, p50',
        value: median(encodes.slice(2)),
        unit: 'ms',
        target: { most: 250 },
      },
      {
        name: 'segment, 1 MP, bursts of 4 clicks, p50',
        value: median(all),
        unit: 'ms',
        target: { most: 60 },
      },
      { name: 'first clicks of an object, p50', value: median(first), unit: 'ms' },
      { name: 'segment, p95', value: quantile(all, 0.95), unit: 'ms' },
    ];
  },
};
