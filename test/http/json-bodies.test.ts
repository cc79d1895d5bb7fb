import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { click, openWithImage, send, snapshotOf, startGateway } from '../support/http-gateway.ts';
import { rawExchange } from '../support/http-raw.ts';

let gateway: TestGateway;
let sessionId: string;
let imageId: string;
let objectId: string;

beforeAll(async () => {
  gateway = await startGateway();
  ({ sessionId, imageId } = await openWithImage(gateway));
  const accepted = await click(gateway, sessionId, { imageId });
  ({ objectId } = accepted);
  await send(gateway, 'GET', `${accepted.links.self}?wait=5`);
});
afterAll(() => gateway[Symbol.asyncDispose]());

const point = { x: 1, y: 1, label: 1 };
const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

interface BadInput {
  readonly what: string;
  /** Text is sent as it is. */
  readonly body: unknown;
  readonly status?: number;
  readonly code?: string;
  /** Of the errors, in order. */
  readonly paths?: readonly string[];
  readonly type?: string;
}

const ANY_JSON: readonly BadInput[] = [
  { what: 'broken JSON', body: '{"a":', paths: [''] },
  { what: 'NaN', body: '{"points":[{"x":NaN,"y":1,"label":1}]}', paths: [''] },
  { what: 'a trailing comma', body: '{"a":1,}', paths: [''] },
  { what: 'an array', body: '[]', paths: [''] },
  { what: 'null', body: 'null', paths: [''] },
  { what: 'a text', body: '"x"', paths: [''] },
  { what: 'white space only', body: ' \n', paths: [''] },
  { what: 'an unknown field', body: { nothing: 1 } },
  { what: 'deep nesting', body: `{"metadata":${deep(5_000)}}` },
  {
    what: 'text/plain',
    body: '{}',
    type: 'text/plain',
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    what: 'a form',
    body: 'a=1',
    type: 'application/x-www-form-urlencoded',
    status: 415,
    code: 'unsupported_media_type',
  },
  {
    what: 'another charset',
    body: '{}',
    type: 'application/json; charset=latin1',
    status: 415,
    code: 'unsupported_media_type',
  },
  { what: '300 KiB', body: `"${'x'.repeat(300 * 1024)}"`, status: 413, code: 'payload_too_large' },
];

const CLICKS: readonly BadInput[] = [
  { what: 'no imageId', body: { points: [point] }, paths: ['imageId'] },
  { what: 'an imageId that is none', body: { imageId: 'x', points: [point] }, paths: ['imageId'] },
  { what: 'a number as imageId', body: { imageId: 7, points: [point] }, paths: ['imageId'] },
  { what: 'neither points nor box', body: () => ({ imageId }), paths: ['points'] },
  { what: 'no points', body: () => ({ imageId, points: [] }), paths: ['points'] },
  { what: 'points that are no list', body: () => ({ imageId, points: {} }), paths: ['points'] },
  {
    what: 'a text as coordinate',
    body: () => ({ imageId, points: [point, { ...point, x: '1' }] }),
    paths: ['points[1].x'],
  },
  {
    what: 'a coordinate of null',
    body: () => ({ imageId, points: [{ ...point, y: null }] }),
    paths: ['points[0].y'],
  },
  {
    what: 'a number beyond doubles',
    body: () => `{"imageId":"${imageId}","points":[{"x":1e999,"y":1,"label":1}]}`,
    paths: ['points[0].x'],
  },
  {
    what: 'a label of 2',
    body: () => ({ imageId, points: [{ ...point, label: 2 }] }),
    paths: ['points[0].label'],
  },
  {
    what: 'a label of true',
    body: () => ({ imageId, points: [{ ...point, label: true }] }),
    paths: ['points[0].label'],
  },
  {
    what: 'unknown fields inside',
    body: () => ({ imageId, points: [{ ...point, z: 1 }], more: 1 }),
    paths: ['points[0].z', 'more'],
  },
  {
    what: 'a box without height',
    body: () => ({ imageId, box: { x: 1, y: 1, width: 1 } }),
    paths: ['box.height'],
  },
  {
    what: 'a long clientRef',
    body: () => ({ imageId, points: [point], clientRef: 'x'.repeat(201) }),
    paths: ['clientRef'],
  },
  {
    what: 'an objectId with a space',
    body: () => ({ imageId, points: [point], objectId: 'a b' }),
    paths: ['objectId'],
  },
  {
    what: 'a long objectId',
    body: () => ({ imageId, points: [point], objectId: 'x'.repeat(65) }),
    paths: ['objectId'],
  },
  {
    what: 'an empty objectId',
    body: () => ({ imageId, points: [point], objectId: '' }),
    paths: ['objectId'],
  },
  {
    what: 'a name given twice',
    body: () => `{"imageId":"${imageId}","points":[{"x":1,"y":1,"y":2,"label":1}]}`,
    paths: ['points[0].y'],
  },
  {
    what: 'an imageUrl',
    body: () => ({ imageId, points: [point], imageUrl: 'https://example.com/a.png' }),
    paths: ['imageUrl'],
  },
  {
    what: 'a point outside',
    body: () => ({ imageId, points: [{ ...point, x: 60 }] }),
    status: 422,
    code: 'out_of_bounds',
  },
  {
    what: 'a negative point',
    body: () => ({ imageId, points: [{ ...point, y: -0.5 }] }),
    status: 422,
    code: 'out_of_bounds',
  },
  {
    what: 'an empty box',
    body: () => ({ imageId, box: { x: 1, y: 1, width: 0, height: 5 } }),
    status: 422,
    code: 'out_of_bounds',
  },
  {
    what: 'a box that sticks out',
    body: () => ({ imageId, box: { x: 50, y: 1, width: 11, height: 5 } }),
    status: 422,
    code: 'out_of_bounds',
  },
  {
    what: 'an image of nobody',
    body: () => ({ imageId: `sha256-${'0'.repeat(64)}`, points: [point] }),
    status: 404,
    code: 'image_not_found',
  },
  {
    what: 'more points than an object may have',
    body: () => ({ imageId, points: Array.from({ length: 101 }, () => point) }),
    status: 409,
    code: 'limit_reached',
  },
];

const SESSIONS: readonly BadInput[] = [
  { what: 'a number as name', body: { name: 7 }, paths: ['name'] },
  { what: 'a long name', body: { name: 'x'.repeat(201) }, paths: ['name'] },
  { what: 'a list as metadata', body: { metadata: [] }, paths: ['metadata'] },
  {
    what: '17 KiB of metadata',
    body: { metadata: { a: 'x'.repeat(17_000) } },
    paths: ['metadata'],
  },
  {
    what: '__proto__ in metadata',
    body: '{"metadata":{"__proto__":1}}',
    paths: ['metadata.__proto__'],
  },
];

const OBJECTS: readonly BadInput[] = [
  { what: 'a number as label', body: { label: 1 }, paths: ['label'] },
  { what: 'a long label', body: { label: 'x'.repeat(101) }, paths: ['label'] },
  { what: 'a long colour', body: { color: 'x'.repeat(65) }, paths: ['color'] },
  { what: 'a text as metadata', body: { metadata: 'x' }, paths: ['metadata'] },
];

const ENDPOINTS = [
  { name: 'POST sessions', method: 'POST', path: () => paths.sessions, cases: SESSIONS },
  { name: 'POST clicks', method: 'POST', path: () => paths.clicks(sessionId), cases: CLICKS },
  {
    name: 'PATCH object',
    method: 'PATCH',
    path: () => paths.object(sessionId, objectId),
    cases: OBJECTS,
  },
].map((endpoint) => ({ ...endpoint, cases: [...ANY_JSON, ...endpoint.cases] }));

describe.each(ENDPOINTS)('A2 $name', ({ method, path, cases }) => {
  it.each(cases)('A2 refuses $what and changes nothing', async (input) => {
    const body = typeof input.body === 'function' ? input.body() : input.body;
    const before = await stateOf();

    const response = await fetch(`${gateway.url}${path()}`, {
      method,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': input.type ?? 'application/json' },
    });

    const problem = (await response.json()) as Problem;
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect({ status: response.status, code: problem.code }).toEqual({
      status: input.status ?? 400,
      code: input.code ?? 'invalid_request',
    });
    expect(problem.status).toBe(response.status);
    if (input.paths) expect(problem.errors?.map((error) => error.path)).toEqual(input.paths);
    expect(JSON.stringify(problem)).not.toMatch(/node_modules|src\/|at Object|\.ts:/);
    expect(await stateOf()).toEqual(before);
  });
});

/** All that a refused request must leave as it was. */
async function stateOf() {
  const { expiresAt: _, ...snapshot } = await snapshotOf(gateway, sessionId);
  return snapshot;
}

it('A2 an empty body is a 400, but for a session it means {}', async () => {
  const headers = { 'content-type': 'application/json' };
  const empty = (path: string) => fetch(`${gateway.url}${path}`, { method: 'POST', headers });

  expect((await empty(paths.sessions)).status).toBe(201);
  expect((await fetch(`${gateway.url}${paths.sessions}`, { method: 'POST' })).status).toBe(201);
  const refused = await empty(paths.clicks(sessionId));

  expect(refused.status).toBe(400);
  expect(((await refused.json()) as Problem).errors).toEqual([{ path: '', message: 'is empty' }]);
});

it('A2 text that is not UTF-8 is a 400', async () => {
  const response = await fetch(`${gateway.url}${paths.sessions}`, {
    method: 'POST',
    body: Buffer.from('{"name":"\xff"}', 'latin1'),
    headers: { 'content-type': 'application/json' },
  });

  expect(response.status).toBe(400);
  expect(((await response.json()) as Problem).errors?.[0]?.message).toBe('is not UTF-8');
});

it('A2 application/*+json and a UTF-8 byte order mark are JSON too', async () => {
  const response = await fetch(`${gateway.url}${paths.sessions}`, {
    method: 'POST',
    body: Buffer.from('\ufeff{"name":"ä"}'),
    headers: { 'content-type': 'Application/Vnd.api+JSON; charset="UTF-8"' },
  });

  expect(response.status).toBe(201);
});

it('A2 a compressed body is a 415', async () => {
  const response = await fetch(`${gateway.url}${paths.sessions}`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  });

  expect(response.status).toBe(415);
});

it('A2 unknown query parameters are ignored', async () => {
  const response = await send(gateway, 'GET', `${paths.session(sessionId)}?x=1&wait=abc`);

  expect(response.status).toBe(200);
});

it('A5 a chunked body is cut off where the limit is', async () => {
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const head = [
    `POST ${paths.sessions} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    'Transfer-Encoding: chunked',
    '',
    '',
  ].join('\r\n');

  const [answer] = await rawExchange(
    gateway.port,
    head,
    ...Array.from({ length: 40 }, () => chunk),
    '0\r\n\r\n',
  );

  expect(answer?.status).toBe(413);
  expect(answer?.headers.get('connection')).toBe('close');
  expect(JSON.parse(answer?.body ?? '').code).toBe('payload_too_large');
});

it('A2 metadata comes back unchanged', async () => {
  const metadata = {
    a: [1, { b: null }],
    'ä "quoted"': '\u0000\ud83d\ude00',
    constructor: { x: 1 },
  };
  const created = await send(gateway, 'POST', paths.sessions, { name: 'n', metadata });
  const { sessionId: id } = (await created.json()) as { sessionId: string };

  expect(await snapshotOf(gateway, id)).toMatchObject({ name: 'n', metadata });
});
