import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { FeatureServerError } from '../../src/ports/feature-server.ts';
import type { ClickAccepted, ClickState, SegmentState } from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { click, openWithImage, send, snapshotOf, startGateway } from '../support/http-gateway.ts';
import { noise, plainPng } from '../support/http-images.ts';
import { within } from '../support/http-within.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const POINT = { x: 1.5, y: 2, label: 1 };
const stateOf = async (response: Response) => (await response.json()) as ClickState;

describe('A12 clicks', () => {
  it('A12 are accepted with a place in the queue and a Location', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const body = { imageId, objectId: 'mine', points: [POINT], clientRef: 'r1' };

    const response = await send(gateway, 'POST', paths.clicks(sessionId), body);

    const accepted = (await response.json()) as ClickAccepted;
    expect(response.status).toBe(202);
    expect(accepted).toMatchObject({ objectId: 'mine', imageId, revision: 1 });
    expect(response.headers.get('location')).toBe(accepted.links.self);
    expect(accepted.links.self).toBe(paths.click(sessionId, accepted.clickId));
  });

  it('A12 an object of another image is a conflict', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    await click(gateway, sessionId, { imageId, objectId: 'one' });
    const other = await fetch(`${gateway.url}${paths.images(sessionId)}`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: (await plainPng(9, 9)) as Uint8Array<ArrayBuffer>,
    });
    const { imageId: second } = (await other.json()) as { imageId: string };

    const response = await send(gateway, 'POST', paths.clicks(sessionId), {
      imageId: second,
      objectId: 'one',
      points: [POINT],
    });

    expect(response.status).toBe(409);
    expect(((await response.json()) as Problem).code).toBe('conflict');
  });

  it('A3 traceparent reaches the feature server, unless it is none', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const trace = async (objectId: string, traceparent: string) => {
      const body = { imageId, objectId, points: [{ x: objectId.length, y: 1, label: 1 }] };
      const response = await send(gateway, 'POST', paths.clicks(sessionId), body, { traceparent });
      const { links } = (await response.json()) as ClickAccepted;
      await send(gateway, 'GET', `${links.self}?wait=5`);
      return gateway.features.calls.at(-1)?.options.traceparent;
    };

    expect(await trace('a', good)).toBe(good);
    expect(await trace('bb', 'nonsense')).toBeUndefined();
  });

  it('A14 overload is a 429 with Retry-After and etaMs', async () => {
    await using busy = await startGateway({ settings: { maxWaitMs: 1 } });
    const release = busy.features.hold();
    const { sessionId, imageId } = await openWithImage(busy);
    let refused: Response | undefined;
    for (let i = 0; i < 8 && refused === undefined; i++) {
      const body = { imageId, points: [{ x: i, y: 1, label: 1 }] };
      const response = await send(busy, 'POST', paths.clicks(sessionId), body);
      if (response.status !== 202) refused = response;
    }
    release();

    expect(refused?.status).toBe(429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    const problem = (await refused?.json()) as Problem;
    expect(problem).toMatchObject({ code: 'overloaded', retryable: true });
    expect(problem.etaMs).toBeGreaterThan(0);
  });
});

describe('A17 how a click stands', () => {
  it('A17 ?wait answers as soon as the click has ended', async () => {
    await using own = await startGateway();
    const release = own.features.hold();
    const { sessionId, imageId } = await openWithImage(own);
    const { links } = await click(own, sessionId, { imageId });
    const held = send(own, 'GET', `${links.self}?wait=20`);

    release();

    const state = await stateOf(await within(held, 'the click ends'));
    expect(state).toMatchObject({ status: 'completed', result: { covers: [state.clickId] } });
  });

  it('A17 …or after S seconds, with the status then', async () => {
    await using own = await startGateway();
    const release = own.features.hold();
    const { sessionId, imageId } = await openWithImage(own);
    const { links } = await click(own, sessionId, { imageId });

    const plain = await stateOf(await send(own, 'GET', links.self));
    const waited = await stateOf(await send(own, 'GET', `${links.self}?wait=0.05`));
    release();

    expect(['queued', 'running']).toContain(plain.status);
    expect(['queued', 'running']).toContain(waited.status);
  });

  it('A17 Prefer: wait is honoured, cut, and said to be', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const { links } = await click(gateway, sessionId, { imageId });
    const prefer = async (text: string) =>
      (await send(gateway, 'GET', links.self, undefined, { prefer: text })).headers.get(
        'preference-applied',
      );

    expect(await prefer('wait=5')).toBe('wait=5');
    expect(await prefer('respond-async, Wait="7"')).toBe('wait=7');
    expect(await prefer('wait=100')).toBe('wait=30');
    expect(await prefer('wait=soon')).toBeNull();
    expect(await prefer('await=5')).toBeNull();
  });

  it.each(['31', '-1', 'x', '', '1e1', 'Infinity', 'NaN'])('A17 wait=%s is a 400', async (wait) => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const { links } = await click(gateway, sessionId, { imageId });

    const response = await send(gateway, 'GET', `${links.self}?wait=${wait}`);

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ path: 'wait' }] });
  });

  it('A17 a failure is told as a problem', async () => {
    await using own = await startGateway();
    own.features.answerWith(() => Promise.reject(new FeatureServerError('rejected', 'no')));
    const { sessionId, imageId } = await openWithImage(own);
    const { links } = await click(own, sessionId, { imageId });

    const state = await stateOf(await send(own, 'GET', `${links.self}?wait=20`));

    expect(state).toMatchObject({ status: 'failed', problem: { code: 'feature_server_rejected' } });
  });

  it.each(['clk_none', 'x', `clk_${'A'.repeat(16)}`, '%00', '..%2f..'])(
    'A17 the click %s is a 404',
    async (id) => {
      const { sessionId } = await openWithImage(gateway);
      for (const method of ['GET', 'DELETE']) {
        const response = await send(gateway, method, paths.click(sessionId, id));
        expect(response.status).toBe(404);
        expect(((await response.json()) as Problem).code).toBe('click_not_found');
      }
    },
  );
});

describe('A15 undo', () => {
  it('A15 again repeats the first answer', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const { links } = await click(gateway, sessionId, { imageId });

    const first = await send(gateway, 'DELETE', links.self);
    const second = await send(gateway, 'DELETE', links.self);

    expect(first.status).toBe(202);
    expect(await second.text()).toBe(await first.text());
  });
});

describe('A17 POST /v1/segment', () => {
  const post = async (
    target: { readonly url: string },
    request: unknown,
    options: { image?: Uint8Array; query?: string; headers?: Record<string, string> } = {},
  ) => {
    const data = new FormData();
    const image = options.image ?? (await plainPng(30, 20));
    data.append('image', new Blob([image as Uint8Array<ArrayBuffer>]), 'a.png');
    const text = typeof request === 'string' ? request : JSON.stringify(request);
    data.append('request', new Blob([text], { type: 'application/json' }));
    return await fetch(`${target.url}${paths.segment}${options.query ?? ''}`, {
      method: 'POST',
      body: data,
      headers: options.headers ?? {},
    });
  };

  it('A17 session, image and click in one: 200 with the mask', async () => {
    const response = await post(gateway, { points: [POINT], label: 'cup' });

    const state = (await response.json()) as SegmentState;
    expect(response.status).toBe(200);
    expect(state).toMatchObject({ status: 'completed', result: { covers: [state.clickId] } });
    expect(response.headers.get('location')).toBe(paths.click(state.sessionId, state.clickId));
    const { objects } = await snapshotOf(gateway, state.sessionId);
    expect(objects).toMatchObject([{ label: 'cup' }]);
  });

  it('A17 202 and a Location when it takes longer', async () => {
    await using own = await startGateway();
    const release = own.features.hold();

    const response = await post(own, { points: [POINT] }, { query: '?wait=0.05' });

    expect(response.status).toBe(202);
    const location = response.headers.get('location') ?? '';
    release();
    const state = await stateOf(await send(own, 'GET', `${location}?wait=10`));
    expect(state.status).toBe('completed');
  });

  it('A4 the same key gives the same session', async () => {
    const image = await noise('png');
    const headers = { 'idempotency-key': 'segment-1' };

    const first = await post(gateway, { points: [POINT] }, { image, headers });
    const second = await post(gateway, { points: [POINT] }, { image, headers });
    const other = await post(gateway, { points: [{ ...POINT, x: 3 }] }, { image, headers });

    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(other.status).toBe(422);
  });

  it.each([
    ['no prompt', {}, 400, ['request.points']],
    ['broken JSON', '{', 400, ['request']],
    ['an unknown field', { points: [POINT], imageUrl: 'x' }, 400, ['request.imageUrl']],
    ['a bad point', { points: [{ x: 1, y: 'a', label: 1 }] }, 400, ['request.points[0].y']],
    ['a point outside', { points: [{ ...POINT, x: 30 }] }, 422, ['request.points[0].x']],
  ] as const)('A17 %s is refused and leaves no session', async (_what, request, status, wrong) => {
    await using own = await startGateway();
    const closed: string[] = [];
    const remove = own.gateway.sessions.remove.bind(own.gateway.sessions);
    own.gateway.sessions.remove = async (id) => {
      closed.push(id);
      await remove(id);
    };

    const response = await post(own, request);

    expect(response.status).toBe(status);
    const problem = (await response.json()) as Problem;
    expect(problem.errors?.map((error) => error.path)).toEqual(wrong);
    // Either no session was made, or it is gone.
    for (const id of closed) {
      expect((await send(own, 'GET', paths.session(id))).status).toBe(404);
    }
    expect(closed).toHaveLength(status === 422 ? 1 : 0);
  });

  it('A17 JSON with an imageUrl is not offered', async () => {
    const response = await send(gateway, 'POST', paths.segment, {
      imageUrl: 'https://a.example/b',
    });

    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: 'unsupported_media_type' });
  });

  it('A17 the mask of a box is that box', async () => {
    const state = (await (
      await post(gateway, { box: { x: 2, y: 3, width: 4, height: 5 } })
    ).json()) as SegmentState;

    expect(state.result?.bounds).toEqual({ x: 2, y: 3, width: 4, height: 5 });
  });
});
