import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import type { ClickAccepted } from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import {
  openSession,
  openWithImage,
  send,
  snapshotOf,
  startGateway,
} from '../support/http-gateway.ts';
import { noise, plainPng } from '../support/http-images.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const key = (value: string) => ({ 'idempotency-key': value });
const POINTS = [{ x: 1, y: 2, label: 1 }];

/** Two answers that must be one and the same. */
async function expectReplay(first: Response, second: Response): Promise<void> {
  expect(first.headers.has('idempotent-replayed')).toBe(false);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(second.status).toBe(first.status);
  expect(second.headers.get('location')).toBe(first.headers.get('location'));
  expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
  expect(await second.text()).toBe(await first.text());
}

describe('A4 the same key and content', () => {
  it('A4 one session, one answer; the order of names does not count', async () => {
    const post = (body: string) => send(gateway, 'POST', paths.sessions, body, key('s-1'));

    const first = await post('{"name":"a","metadata":{"x":1,"y":[2]}}');
    const second = await post('{ "metadata": {"y":[2], "x":1.0}, "name":"a" }');

    await expectReplay(first, second);
  });

  it('A4 one click, one answer, also after its mask is there', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const body = { imageId, points: POINTS };
    const post = () => send(gateway, 'POST', paths.clicks(sessionId), body, key('c-1'));

    const first = await post();
    const { links } = (await first.clone().json()) as ClickAccepted;
    await send(gateway, 'GET', `${links.self}?wait=10`);
    const second = await post();

    await expectReplay(first, second);
    expect((await snapshotOf(gateway, sessionId)).objects[0]?.clicks).toHaveLength(1);
  });

  it('A4 a hundred at once are one click', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const body = { imageId, points: POINTS };
    const post = () => send(gateway, 'POST', paths.clicks(sessionId), body, key('c-2'));

    const responses = await Promise.all(Array.from({ length: 100 }, post));

    const answers = await Promise.all(
      responses.map(async (response) => (await response.json()) as ClickAccepted),
    );
    expect(new Set(responses.map((response) => response.status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.clickId)).size).toBe(1);
    expect((await snapshotOf(gateway, sessionId)).objects[0]?.clicks).toHaveLength(1);
  });

  it('A4 one image, raw or as a form, by the hashes of its parts', async () => {
    const { sessionId } = await openSession(gateway);
    const image = (await noise('png')) as Uint8Array<ArrayBuffer>;
    const form = (name: string) => {
      const data = new FormData();
      data.append('image', new Blob([image]), `${name}.png`);
      data.append('name', 'n');
      return data;
    };
    const post = (body: FormData | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
      fetch(`${gateway.url}${paths.images(sessionId)}`, { method: 'POST', body, headers });

    await expectReplay(await post(form('a'), key('i-1')), await post(form('b'), key('i-1')));
    const raw = await post(image, { ...key('i-1'), 'content-type': 'image/png' });
    expect(raw.status).toBe(422);
  });
});

describe('A4 everything else about keys', () => {
  it('A4 other content is a 422', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const post = (points: unknown) =>
      send(gateway, 'POST', paths.clicks(sessionId), { imageId, points }, key('k'));

    await post(POINTS);
    const response = await post([{ x: 2, y: 2, label: 1 }]);

    expect(response.status).toBe(422);
    expect(((await response.json()) as Problem).code).toBe('idempotency_key_reused');
  });

  it('A4 a refused request may be tried again with its key', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const post = (points: unknown) =>
      send(gateway, 'POST', paths.clicks(sessionId), { imageId, points }, key('again'));

    expect((await post([{ x: 99, y: 2, label: 1 }])).status).toBe(422);
    expect((await post(POINTS)).status).toBe(202);

    const image = async (bytes: Uint8Array) =>
      await fetch(`${gateway.url}${paths.images(sessionId)}`, {
        method: 'POST',
        body: bytes as Uint8Array<ArrayBuffer>,
        headers: { ...key('again'), 'content-type': 'image/png' },
      });
    expect((await image(Buffer.from('no image'))).status).toBe(415);
    expect((await image(await plainPng(3, 3))).status).toBe(201);
  });

  it('A4 while the first image still runs: 409, Retry-After: 1', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using own = await startGateway({
      engine: (engine) => ({
        ...engine,
        blobs: {
          put: async (...put) => {
            await gate;
            return engine.blobs.put(...put);
          },
          get: (id) => engine.blobs.get(id),
          release: (holder) => engine.blobs.release(holder),
        },
      }),
    });
    const { sessionId } = await openSession(own);
    const body = (await plainPng(5, 5)) as Uint8Array<ArrayBuffer>;
    const post = () =>
      fetch(`${own.url}${paths.images(sessionId)}`, {
        method: 'POST',
        body,
        headers: { ...key('slow'), 'content-type': 'image/png' },
      });

    const both = [post(), post()];
    const loser = await Promise.race(both);
    release();
    const answers = await Promise.all(both);

    expect(loser.status).toBe(409);
    expect(loser.headers.get('retry-after')).toBe('1');
    expect(((await loser.json()) as Problem).code).toBe('idempotency_key_in_use');
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409]);
  });

  it('A4 keys count for one path only', async () => {
    const one = await openWithImage(gateway);
    const two = await openWithImage(gateway);
    const post = ({ sessionId, imageId }: typeof one, points: unknown) =>
      send(gateway, 'POST', paths.clicks(sessionId), { imageId, points }, key('same'));

    expect((await post(one, POINTS)).status).toBe(202);
    expect((await post(two, [{ x: 3, y: 3, label: 0 }])).status).toBe(202);
  });

  it.each(['', 'a b', 'x'.repeat(256), 'ä', '\t'])('A4 the key "%s" is a 400', async (value) => {
    const response = await send(
      gateway,
      'POST',
      paths.sessions,
      {},
      {
        'idempotency-key': Buffer.from(value).toString('latin1'),
      },
    );

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ path: 'Idempotency-Key' }] });
  });

  it('A4 255 characters are a key', async () => {
    const response = await send(gateway, 'POST', paths.sessions, {}, key('~'.repeat(255)));

    expect(response.status).toBe(201);
  });
});
