import { paths } from '../../src/protocol/routes.ts';
import type { Bench, Figure } from './support/figures.ts';
import { median } from './support/figures.ts';
import { startGateway } from './support/gateway-process.ts';
import { renderPhoto } from './support/photo.ts';
import { addImage, call, click, openSession } from './support/session.ts';

const ROUNDS = 5;

interface Snapshot {
  readonly images: readonly { readonly status: string }[];
}

/** From before the upload to the mask of a click that was made right after it. */
async function uploadAndClick(
  url: string,
  jpeg: Uint8Array,
  x: number,
  y: number,
): Promise<number> {
  const session = await openSession(url);
  const startedAt = performance.now();
  const imageId = await addImage(url, session, jpeg);
  const points = [{ x, y, label: 1 as const }];
  const id = await click(url, session, { imageId, objectId: 'big', points });
  const state = await call<{ status: string }>(`${url}${paths.click(session, id)}?wait=20`);
  const tookMs = performance.now() - startedAt;
  if (state.status !== 'completed') throw new Error(`the click ended as ${state.status}`);
  await fetch(`${url}${paths.session(session)}`, { method: 'DELETE' });
  return tookMs;
}

/** From before the upload until the image is said to be ready. */
async function uploadAndPrepare(url: string, jpeg: Uint8Array): Promise<number> {
  const session = await openSession(url);
  const startedAt = performance.now();
  await addImage(url, session, jpeg);
  const opened = await call<{ cursor: string }>(`${url}${paths.events(session)}?after=start`, {
    headers: { accept: 'application/json' },
  });
  const waiting = `${url}${paths.events(session)}?wait=20&after=${opened.cursor}`;
  const snapshot = await call<Snapshot>(`${url}${paths.session(session)}`);
  if (snapshot.images[0]?.status !== 'ready') {
    await call(waiting, { headers: { accept: 'application/json' } });
  }
  const tookMs = performance.now() - startedAt;
  await fetch(`${url}${paths.session(session)}`, { method: 'DELETE' });
  return tookMs;
}

export const photos: Bench = {
  name: 'photos',
  caution:
    'A rendered scene; real photos compress less and have more regions. Each round is another file.',
  async run(): Promise<Figure[]> {
    await using gateway = await startGateway();
    const prepared: number[] = [];
    const clicked: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const small = await renderPhoto(1, round);
      prepared.push(await uploadAndPrepare(gateway.url, small.jpeg));
      const { jpeg, scene, scale } = await renderPhoto(12, round);
      const { x, y } = scene.objects[round % scene.objects.length]?.click ?? { x: 1, y: 1 };
      clicked.push(await uploadAndClick(gateway.url, jpeg, x * scale, y * scale));
    }
    return [
      { name: 'upload to ready, 1 MP JPEG, p50', value: median(prepared), unit: 'ms' },
      {
        name: '12 MP JPEG: upload, preparation and click, p50',
        value: median(clicked),
        unit: 'ms',
        target: { most: 1_500 },
      },
    ];
  },
};
