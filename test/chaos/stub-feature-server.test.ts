import { expect, test } from 'vitest';
import { imageId } from '../../src/core/ids.ts';
import type { SegmentRequest } from '../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../src/protocol/feature-server.ts';
import { expectedMask } from './expected-mask.ts';
import { StubProcess } from './stub-process.ts';

const IMAGE = { id: imageId('sha256-image'), width: 48, height: 36 };

const start = (options: { serviceMs: number; faultRate: number }) =>
  StubProcess.start({ seed: 1, concurrency: 2, ...options });

function segment(stub: StubProcess, change: Partial<SegmentRequest> = {}, signal?: AbortSignal) {
  const body: SegmentRequest = {
    requestId: 'suite',
    image: { ...IMAGE, url: 'http://127.0.0.1:1/', contentType: 'image/png' },
    prompt: { points: [{ x: 1.5, y: 2, label: 1 }] },
    deadlineMs: 1_000,
    params: {},
    ...change,
  };
  return fetch(`${stub.url}${FEATURE_ROUTES.segment}`, {
    method: 'POST',
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

test('answers the mask of image and prompt, and of no other', async () => {
  await using stub = await start({ serviceMs: 1, faultRate: 0 });
  const points = [{ x: 1.5, y: 2, label: 1 as const }];
  const { mask } = (await (await segment(stub)).json()) as { mask: { counts: string } };
  const image = { ...IMAGE, imageId: IMAGE.id };
  expect(mask.counts).toBe(expectedMask(image, { points }).counts);
  expect(mask.counts).not.toBe(expectedMask(image, { points: points.concat(points) }).counts);
  expect(mask.counts).not.toBe(expectedMask({ ...image, imageId: 'other' }, { points }).counts);
});

test('asks for an embedding that it does not have', async () => {
  await using stub = await start({ serviceMs: 1, faultRate: 0 });
  const response = await segment(stub, { embedding: { id: 'forgotten' } });
  expect(response.status).toBe(409);
  expect(await response.json()).toEqual({ missing: ['embedding'] });
});

test('counts the calls that are open at once; one whose caller left is none', async () => {
  await using stub = await start({ serviceMs: 1_000, faultRate: 0 });
  const leave = new AbortController();
  const left = segment(stub, {}, leave.signal);
  await expect.poll(async () => (await stub.statistics()).calls).toBe(1);
  leave.abort();
  await expect(left).rejects.toThrow();
  await expect.poll(async () => (await stub.statistics()).open).toBe(0);
  await Promise.all([segment(stub), segment(stub), segment(stub)]);
  expect(await stub.statistics()).toMatchObject({
    calls: 4,
    open: 0,
    mostOpen: 3,
    above: [expect.stringMatching(/^segment for/)],
  });
});

test('its faults can be switched off', async () => {
  await using stub = await start({ serviceMs: 1, faultRate: 1 });
  const outcomes = Array.from({ length: 12 }, () =>
    segment(stub, { deadlineMs: 20 }).then(
      async (response) => response.ok && (await response.text()).endsWith('}'),
      () => false,
    ),
  );
  const settled = await Promise.all(outcomes.map((outcome) => outcome.catch(() => false)));
  expect(settled).toContain(false);
  expect((await stub.calm()).faults).toBe(12);
  expect((await segment(stub)).status).toBe(200);
});
