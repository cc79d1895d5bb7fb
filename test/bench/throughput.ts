import { ClickLoop } from './support/click-loop.ts';
import type { Bench, Figure } from './support/figures.ts';
import { median, quantile } from './support/figures.ts';
import { startGateway } from './support/gateway-process.ts';
import { renderPhoto } from './support/photo.ts';
import { addImage } from './support/session.ts';
import { startStub } from './support/stub-feature-server.ts';

const SESSIONS = 32;
const OBJECTS = 4;
const WARM_UP_MS = 3_000;
const MEASURE_MS = 8_000;

export const throughput: Bench = {
  name: 'throughput',
  caution:
    'Closed loop: each of 128 objects is clicked anew when its mask arrives. The client and the instant feature server run in one process on the same cores and take more than half of them.',
  async run(): Promise<Figure[]> {
    const { jpeg } = await renderPhoto(1);
    await using stub = await startStub(64);
    await using gateway = await startGateway({ FEATURE_SERVER_URL: stub.url });
    const loops: ClickLoop[] = [];
    for (let index = 0; index < SESSIONS; index += 1) {
      const add = (session: string) => addImage(gateway.url, session, jpeg);
      loops.push(await ClickLoop.open(gateway.url, add, OBJECTS));
    }
    for (const loop of loops) loop.start();
    await passed(WARM_UP_MS);
    for (const loop of loops) loop.latencies.length = 0;
    const startedAt = performance.now();
    const cpuBefore = gateway.cpuMs();
    await passed(MEASURE_MS);
    const cpuUsed = gateway.cpuMs() - cpuBefore;
    const seconds = (performance.now() - startedAt) / 1000;
    for (const loop of loops) loop.stop();
    const latencies = loops.flatMap((loop) => loop.latencies);
    for (const loop of loops) loop.close();
    return [
      { name: 'clicks with masks a second', value: latencies.length / seconds, unit: '1/s' },
      {
        name: 'processor time of the gateway a click',
        value: cpuUsed / latencies.length,
        unit: 'ms',
      },
      { name: 'click to mask at that load, p50', value: median(latencies), unit: 'ms' },
      { name: 'the same, p99', value: quantile(latencies, 0.99), unit: 'ms' },
    ];
  },
};

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
