import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  EncodeResponse,
  FeatureServerInfo,
  SegmentResponse,
} from '../../src/protocol/feature-server.ts';
import { contentId, maskOf, segmentOf, start } from './harness.ts';
import { disc, jpeg, overlap } from './scenes.ts';

const scene = disc(320, 240);
const files: Record<string, Uint8Array> = { '/text': new TextEncoder().encode('no image') };
let stage: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  files['/disc'] = await jpeg(scene);
  files['/large'] = new Uint8Array(5 * 1024 * 1024 + 1);
  stage = await start(files);
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const prompt = { points: [{ x: 160, y: 120, label: 1 }] };

describe('the embedded feature server', () => {
  it('B1 says what it is', async () => {
    const info = (await (await fetch(`${stage.server.url}/v1/info`)).json()) as FeatureServerInfo;
    expect(info).toMatchObject({ concurrency: 2, encode: true, cancellable: false });
    expect(info.maxImageBytes).toBe(5 * 1024 * 1024);
    expect(info.imageTypes).toContain('image/jpeg');
    expect((await fetch(`${stage.server.url}/healthz`)).status).toBe(200);
  });

  it('B2 B3 prepares an image once and outlines the disc from one click', async () => {
    await using own = await start(files);
    const image = own.reference('/disc', 320, 240);
    const encoded = await own.post('/v1/encode', { requestId: 'r0', image });
    expect(encoded.status).toBe(200);
    const { embedding } = (await encoded.json()) as EncodeResponse;
    expect(embedding.id).toContain(image.id);
    expect(embedding.bytes).toBeLessThanOrEqual(5 * 1024 * 1024);
    const { url: _url, ...known } = image;
    const answer = await own.post('/v1/segment', segmentOf(known, prompt, { embedding }));
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as SegmentResponse;
    expect(body.mask.size).toEqual([240, 320]);
    expect(body.score).toBeGreaterThanOrEqual(0);
    expect(body.score).toBeLessThanOrEqual(1);
    expect(overlap(maskOf(body), scene.mask)).toBeGreaterThan(0.9);
    expect(own.images.fetched.get('/disc')).toBe(1);
  });

  it('B3 fetches an image once for calls that come together', async () => {
    await using own = await start(files);
    const image = own.reference('/disc', 320, 240);
    const calls = Array.from({ length: 6 }, () =>
      own.post('/v1/segment', segmentOf(image, prompt)).then((answer) => answer.json()),
    );
    const masks = (await Promise.all(calls)) as SegmentResponse[];
    expect(new Set(masks.map(({ mask }) => mask.counts)).size).toBe(1);
    expect(own.images.fetched.get('/disc')).toBe(1);
  });

  it('B5 asks for an image that it neither knows nor can fetch', async () => {
    const image = {
      id: contentId(Uint8Array.of(1)),
      contentType: 'image/png',
      width: 9,
      height: 9,
    };
    const known = { points: [{ x: 1, y: 1, label: 1 }] };
    const answer = await stage.post('/v1/segment', segmentOf(image, known));
    expect(answer.status).toBe(409);
    expect(await answer.json()).toEqual({ missing: ['image'] });
  });

  it.each([
    ['no prompt', 400, {}, undefined],
    ['a prompt without points or box', 422, {}, { points: [] }],
    ['a point outside', 422, {}, { points: [{ x: 320, y: 1, label: 1 }] }],
    ['an empty box', 422, {}, { points: [], box: { x: 1, y: 1, width: 0, height: 4 } }],
    ['another label', 400, {}, { points: [{ x: 1, y: 1, label: 2 }] }],
    ['another size than the upright image has', 422, { width: 240, height: 320 }, undefined],
    ['a fraction of a pixel', 400, { width: 319.5 }, undefined],
    ['a url of another kind', 400, { url: 'file:///etc/passwd' }, undefined],
  ])('B5 refuses %s', async (what, status, change, asked) => {
    const image = { ...stage.reference('/disc', 320, 240), ...change };
    const body = segmentOf(image, asked ?? (what === 'no prompt' ? {} : prompt));
    const answer = await stage.post('/v1/segment', body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toHaveProperty('message', expect.any(String));
  });

  it.each([
    ['what is no image', '/text', 415],
    ['what is too large', '/large', 413],
    ['what is not there', '/nowhere', 502],
  ])('B5 answers for %s', async (_what, path, status) => {
    const image = stage.reference(path, 320, 240);
    const answer = await stage.post('/v1/encode', { requestId: 'r', image });
    expect(answer.status).toBe(status);
  });

  it('B3 refuses bytes that are not those of a content id', async () => {
    const image = { ...stage.reference('/disc', 320, 240), id: contentId(Uint8Array.of(2)) };
    expect((await stage.post('/v1/encode', { requestId: 'r', image })).status).toBe(422);
  });

  it.each([
    ['text', { body: 'hello', headers: { 'content-type': 'text/plain' } }, 415],
    ['broken JSON', { body: '{' }, 400],
    ['an endless body', { body: ' '.repeat(300_000) }, 413],
  ])('B5 refuses %s', async (_what, init, status) => {
    expect((await stage.post('/v1/segment', {}, init)).status).toBe(status);
  });

  it('B1 wants the bearer token that it was given', async () => {
    await using own = await start(files, { token: 'secret', workers: 1 });
    const info = (authorization: string) =>
      fetch(`${own.server.url}/v1/info`, { headers: { authorization } });
    expect((await info('Bearer wrong')).status).toBe(401);
    expect((await info('Bearer secret')).status).toBe(200);
    expect((await fetch(`${own.server.url}/v1/info`)).status).toBe(401);
    expect((await fetch(`${own.server.url}/healthz`)).status).toBe(200);
  });

  it('B5 drops a call whose caller has gone and serves the next', async () => {
    await using own = await start(files, { workers: 1 });
    const image = own.reference('/disc', 320, 240);
    const leaving = new AbortController();
    const gone = own.post('/v1/segment', segmentOf(image, prompt), { signal: leaving.signal });
    leaving.abort();
    await expect(gone).rejects.toThrow(/abort/i);
    const next = await own.post('/v1/segment', segmentOf(image, prompt));
    expect(next.status).toBe(200);
  });

  it.each(['B2 /v1/encode', 'B3 /v1/segment'])(
    '%s says 503 when its deadline passes first',
    async (name) => {
      await using own = await start(files, { workers: 1 });
      const image = own.reference('/disc', 320, 240);
      const path = name.slice(name.indexOf('/'));
      const late = await own.post(path, segmentOf(image, prompt, { deadlineMs: 0.1 }));
      expect(late.status).toBe(503);
      expect(late.headers.get('retry-after')).toBe('1');
    },
  );

  it('closes more than once without complaint', async () => {
    const own = await start(files, { workers: 1 });
    await own.server.close();
    await own[Symbol.asyncDispose]();
    await expect(fetch(`${own.server.url}/healthz`)).rejects.toThrow();
  });
});
