import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestGateway } from '../support/http-gateway.ts';
import { startGateway } from '../support/http-gateway.ts';
import { HOST, rawGet } from '../support/http-raw.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ face: { allowedHosts: ['gateway.internal', 'box:8787'] } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const get = (target: string, ...headers: readonly string[]) =>
  rawGet(gateway.port, target, ...headers);

describe('A34 Host', () => {
  it.each([
    'localhost',
    'localhost:8787',
    'LOCALHOST',
    'studio.localhost:1',
    '127.0.0.1',
    '127.9.8.7:80',
    '[::1]:8787',
    'localhost.',
    'gateway.internal',
    'gateway.internal:1234',
    'box:8787',
  ])('A34 %s is served', async (name) => {
    expect((await get('/healthz', `Host: ${name}`)).status).toBe(200);
  });

  it.each([
    'example.com',
    'localhost.example.com',
    '127.0.0.1.nip.io',
    '10.0.0.1',
    '0.0.0.0',
    '[::]',
    'box:1',
    'notlocalhost',
  ])('A34 %s is a 403', async (name) => {
    const answer = await get('/healthz', `Host: ${name}`);

    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).code).toBe('origin_not_allowed');
  });

  it.each([
    ['none', []],
    ['two', [HOST, HOST]],
    ['two in other cases', ['host: localhost', 'HOST: localhost']],
    ['an empty one', ['Host: ']],
    ['one with a user', ['Host: a@localhost']],
    ['one with a path', ['Host: localhost/x']],
    ['one with a bad port', ['Host: localhost:99999']],
  ] as const)('A34 %s is a 400', async (_what, headers) => {
    const answer = await get('/healthz', ...headers);

    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).code).toBe('invalid_request');
  });

  it('A34 a target that contradicts the header is a 400', async () => {
    expect((await get('http://example.com/healthz', HOST)).status).toBe(400);
    expect((await get('http://localhost/healthz', HOST)).status).toBe(200);
  });

  it.each(['*', 'healthz', '//', '/\\x'])('A2 the target %s never gets a 5xx', async (target) => {
    const answer = await get(target, HOST);

    expect([400, 404]).toContain(answer.status);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });
});
