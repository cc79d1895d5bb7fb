/** L14: which answers wait until a change is durable, and what is answered when it is not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperationId } from '../../src/adapters/http/operations/table.ts';
import { OPERATION_LIST } from '../../src/adapters/http/operations/table.ts';
import { ProblemError } from '../../src/core/problem.ts';
import type { Engine } from '../../src/ports/engine.ts';
import { FeatureServerError } from '../../src/ports/feature-server.ts';
import { HEADERS, paths } from '../../src/protocol/routes.ts';
import { rectangle } from '../support/http-features.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { click, openSession, openWithImage, send, startGateway } from '../support/http-gateway.ts';
import { plainPng } from '../support/http-images.ts';

let durable = true;

/** Carries everything out, and cannot say whether it will stay. */
function undecided(engine: Engine): Engine {
  const { sessions } = engine;
  return {
    ...engine,
    sessions: new Proxy(sessions, {
      get: (target, name) => {
        if (name !== 'durably') return Reflect.get(target, name).bind(target);
        return async (run: Parameters<typeof sessions.durably>[0]) => {
          const result = await sessions.durably(run);
          if (!durable)
            throw new ProblemError('storage_unavailable', 'No.', { retryAfterMs: 1_000 });
          return result;
        };
      },
    }),
  };
}

let gateway: TestGateway;
let sessionId = '';
let imageId = '';

async function multipart(): Promise<FormData> {
  const form = new FormData();
  form.set('request', JSON.stringify({ points: [{ x: 1, y: 1, label: 1 }] }));
  form.set('image', new Blob([await png()]), 'a.png');
  return form;
}

const png = async () => (await plainPng(60, 40)) as Uint8Array<ArrayBuffer>;
const post = (path: string, body: FormData | Uint8Array<ArrayBuffer>, headers = {}) =>
  fetch(`${gateway.url}${path}`, { method: 'POST', body, headers });
const aClick = () => ({ imageId, points: [{ x: 5, y: 5, label: 1 }] });

/** Every operation that changes something, as a request that succeeds; after what must be before. */
const CHANGES: Partial<Record<OperationId, () => Promise<() => Promise<Response>>>> = {
  createSession: async () => () => send(gateway, 'POST', paths.sessions, {}),
  deleteSession: async () => {
    const other = await openSession(gateway);
    return () => send(gateway, 'DELETE', paths.session(other.sessionId));
  },
  addImage: async () => {
    const body = await png();
    return () => post(paths.images(sessionId), body, { 'content-type': 'image/png' });
  },
  deleteImage: async () => {
    const other = await openWithImage(gateway);
    return () => send(gateway, 'DELETE', paths.image(other.sessionId, other.imageId));
  },
  createClick: async () => () => send(gateway, 'POST', paths.clicks(sessionId), aClick()),
  undoClick: async () => {
    const { clickId } = await click(gateway, sessionId, { imageId, objectId: 'undone' });
    return () => send(gateway, 'DELETE', paths.click(sessionId, clickId));
  },
  patchObject: async () => {
    await click(gateway, sessionId, { imageId, objectId: 'patched' });
    const path = paths.object(sessionId, 'patched');
    return () => send(gateway, 'PATCH', path, { label: 'l' });
  },
  deleteObject: async () => {
    await click(gateway, sessionId, { imageId, objectId: 'removed' });
    return () => send(gateway, 'DELETE', paths.object(sessionId, 'removed'));
  },
  retryObject: async () => {
    gateway.features.answerWith(() => Promise.reject(new FeatureServerError('rejected', 'no')));
    // Another point than the others', whose answer is remembered.
    const body = { imageId, objectId: 'failed', points: [{ x: 9, y: 9, label: 1 }] };
    const { clickId } = await click(gateway, sessionId, body);
    await send(gateway, 'GET', `${paths.click(sessionId, clickId)}?wait=10`);
    gateway.features.answerWith(async (call) => rectangle(call));
    return () => send(gateway, 'POST', paths.objectRetry(sessionId, 'failed'));
  },
  segment: async () => {
    const body = await multipart();
    return () => post(paths.segment, body);
  },
};

describe('L14 durable answers', () => {
  beforeAll(async () => {
    gateway = await startGateway({ engine: undecided });
    ({ sessionId, imageId } = await openWithImage(gateway));
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('L14 are those of every operation that changes something', () => {
    const changing = OPERATION_LIST.filter(({ operation }) => operation.method !== 'GET');
    expect(Object.keys(CHANGES).toSorted()).toEqual(changing.map(({ id }) => id).toSorted());
  });

  it.each(Object.entries(CHANGES))(
    'L14 %s is 503 when its change may be lost',
    async (_, prepare) => {
      const request = await prepare();
      durable = false;
      try {
        const response = await request();
        expect(response.status).toBe(503);
        expect(response.headers.get('retry-after')).toBe('1');
        expect(await response.json()).toMatchObject({
          code: 'storage_unavailable',
          retryable: true,
        });
      } finally {
        durable = true;
      }
    },
  );

  it('L14 reading goes on', async () => {
    durable = false;
    try {
      expect((await send(gateway, 'GET', paths.session(sessionId))).status).toBe(200);
    } finally {
      durable = true;
    }
  });

  it('L1 L14 a click that may be lost is worked on all the same, and its retry is a replay', async () => {
    const own = await openWithImage(gateway);
    const body = { imageId: own.imageId, objectId: 'a', points: [{ x: 5, y: 5, label: 1 }] };
    const headers = { [HEADERS.idempotencyKey]: 'key' };
    const request = () => send(gateway, 'POST', paths.clicks(own.sessionId), body, headers);
    durable = false;
    try {
      expect((await request()).status).toBe(503);
      expect((await request()).status).toBe(503);
    } finally {
      durable = true;
    }
    const taken = await request();
    expect(taken.status).toBe(202);
    expect(taken.headers.get(HEADERS.idempotentReplayed)).toBe('true');
    const { clickId, revision } = (await taken.json()) as { clickId: string; revision: number };
    expect(revision).toBe(1);
    const state = await send(gateway, 'GET', `${paths.click(own.sessionId, clickId)}?wait=5`);
    expect(await state.json()).toMatchObject({ status: 'completed' });
  });
});
