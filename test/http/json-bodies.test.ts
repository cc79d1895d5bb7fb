import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, send, snapshotOf, startGateway } from '../support/http-gateway.ts';
import { rawExchange } from '../support/http-raw.ts';

const IMAGE = `sha256-${'0'.repeat(64)}`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

it('A2 an empty body is a 400, but for a session it means {}', async () => {
  const headers = { 'content-type': 'application/json' };
  const empty = (path: string) => fetch(`${gateway.url}${path}`, { method: 'POST', headers });

  expect((await empty(paths.sessions)).status).toBe(201);
  expect((await fetch(`${gateway.url}${paths.sessions}`, { method: 'POST' })).status).toBe(201);
  const { sessionId } = await openSession(gateway);
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
  const { sessionId } = await openSession(gateway);
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

it.each([
  [{ points: [] }, 'imageId is missing.'],
  [{ imageId: 7 }, 'imageId must be a text.'],
  [{ imageId: IMAGE, points: 'x' }, 'points must be a list.'],
  [{ imageId: IMAGE, points: [{ x: 'a', y: 1, label: 1 }] }, 'points[0].x must be a number.'],
  [{ imageId: IMAGE, points: [{ x: 1, y: 1, label: 2 }] }, 'points[0].label must be 0 or 1.'],
  [{ imageId: IMAGE, points: [{ x: 1, y: 1 }] }, 'points[0].label is missing.'],
  [
    { imageId: IMAGE, clientRef: 'x'.repeat(500) },
    /^clientRef must have at most \d+ characters\.$/,
  ],
  ['{', /^The body is not JSON: .*\.$/],
])('A2 says in a sentence what is wrong: %j', async (body, sentence) => {
  const { sessionId } = await openSession(gateway);
  const response = await fetch(`${gateway.url}${paths.clicks(sessionId)}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  expect(((await response.json()) as Problem).detail).toMatch(sentence);
});
