import { paths } from '../../src/protocol/routes.ts';
import { CurlReader } from './support/curl-reader.ts';
import type { Bench, Figure } from './support/figures.ts';
import { median, quantile } from './support/figures.ts';
import type { GatewayProcess } from './support/gateway-process.ts';
import { startGateway } from './support/gateway-process.ts';
import type { Photo } from './support/photo.ts';
import { distinctPoints, renderPhoto } from './support/photo.ts';
import { addImage, call, click, openSession } from './support/session.ts';
import { startStub } from './support/stub-feature-server.ts';

const CLICKS = 60;
const WARM_UP = 10;
/** With an instant server: as many as it takes until the code that is measured is compiled. */
const INSTANT_CLICKS = 400;
const INSTANT_WARM_UP = 400;

interface Sample {
  readonly totalMs: number;
  readonly serverMs: number;
}

/** One click at a time: from before its POST to its mask's frame out of `curl -N`. */
async function measure(
  gateway: GatewayProcess,
  photo: Photo,
  clicks = CLICKS,
  warmUp = WARM_UP,
): Promise<Sample[]> {
  const session = await openSession(gateway.url);
  using reader = new CurlReader(gateway.url, session);
  const opened = reader.next((frame) => frame.event === 'session.snapshot');
  await opened;
  const ready = reader.next((frame) => frame.event === 'image.ready');
  const imageId = await addImage(gateway.url, session, photo.jpeg);
  await ready;
  const points = distinctPoints(photo.scene);
  const samples: Sample[] = [];
  for (let index = 0; index < clicks + warmUp; index += 1) {
    const point = points.next().value;
    const objectId = `o${index % 10}`;
    // Objects are used anew after ten, so that every click is a first click on its object.
    if (index >= 10) await remove(gateway.url, session, objectId);
    const mask = reader.next(({ event }) => event === 'segment.completed');
    const startedAt = performance.now();
    await click(gateway.url, session, { imageId, objectId, points: [point] });
    const frame = await mask;
    const { serverMs } = frame.data.payload['timings'] as { serverMs: number };
    if (index >= warmUp) samples.push({ totalMs: frame.at - startedAt, serverMs });
  }
  return samples;
}

async function remove(url: string, session: string, objectId: string): Promise<void> {
  await fetch(`${url}${paths.object(session, objectId)}`, { method: 'DELETE' });
}

/** The same call as the gateway makes, made directly: what the stub and loopback cost. */
async function direct(stubUrl: string): Promise<number> {
  const times: number[] = [];
  const image = { id: 'direct', url: '', contentType: 'image/jpeg', width: 1155, height: 866 };
  const body = JSON.stringify({ requestId: 'r', image, prompt: {}, deadlineMs: 1, params: {} });
  for (let index = 0; index < INSTANT_CLICKS + INSTANT_WARM_UP; index += 1) {
    const startedAt = performance.now();
    await call(`${stubUrl}/v1/segment`, { method: 'POST', body });
    if (index >= INSTANT_WARM_UP) times.push(performance.now() - startedAt);
  }
  return median(times);
}

export const latency: Bench = {
  name: 'latency',
  caution:
    'One click at a time on an idle machine; curl, the client and the servers share its cores.',
  async run(): Promise<Figure[]> {
    const photo = await renderPhoto(1);
    const embedded = await (async () => {
      await using gateway = await startGateway();
      return await measure(gateway, photo);
    })();
    await using stub = await startStub(4);
    const instant = await (async () => {
      await using gateway = await startGateway({ FEATURE_SERVER_URL: stub.url });
      return await measure(gateway, photo, INSTANT_CLICKS, INSTANT_WARM_UP);
    })();
    const directMs = await direct(stub.url);
    const totals = embedded.map((sample) => sample.totalMs);
    const instants = instant.map((sample) => sample.totalMs);
    return [
      {
        name: 'click to mask at curl -N, 1 MP, embedded server, p50',
        value: median(totals),
        unit: 'ms',
        target: { most: 150 },
      },
      { name: 'the same, p95', value: quantile(totals, 0.95), unit: 'ms' },
      {
        name: 'of that, the call of the feature server, p50',
        value: median(embedded.map((sample) => sample.serverMs)),
        unit: 'ms',
      },
      { name: 'click to mask with an instant server, p50', value: median(instants), unit: 'ms' },
      { name: 'the instant server called directly, p50', value: directMs, unit: 'ms' },
      {
        name: "the gateway's own share (difference), p50",
        value: median(instants) - directMs,
        unit: 'ms',
        target: { most: 2 },
      },
    ];
  },
};
