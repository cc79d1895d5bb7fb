/** Pages of which origins may use the gateway, and what their browsers are told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, startGateway } from '../support/http-gateway.ts';
import { HOST, rawExchange, rawGet } from '../support/http-raw.ts';
import { openStream } from '../support/http-reader.ts';

const LISTED = 'https://app.example.com';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ face: { cors: [LISTED], allowedHosts: ['gateway.internal'] } });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const get = (target: string, ...headers: readonly string[]) =>
  rawGet(gateway.port, target, ...headers);

describe('A34 Origin', () => {
  it.each([
    ['of a loopback page', 'http://localhost:5173'],
    ['of a listed page', LISTED],
    ['of the same host behind TLS', 'https://gateway.internal'],
  ])('A34 %s passes', async (_what, origin) => {
    expect((await get('/healthz', 'Host: gateway.internal', `Origin: ${origin}`)).status).toBe(200);
  });

  it.each([
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'null',
    'file://',
    'garbage',
    'http://localhost.evil.example',
  ])('A34 %s is a 403', async (origin) => {
    const answer = await get('/healthz', HOST, `Origin: ${origin}`);

    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).code).toBe('origin_not_allowed');
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
  });

  it('A34 null passes only when the browser vouches for the same origin', async () => {
    const ask = (site: string) => get('/healthz', HOST, 'Origin: null', `Sec-Fetch-Site: ${site}`);

    expect((await ask('same-origin')).status).toBe(200);
    expect((await ask('cross-site')).status).toBe(403);
    expect((await ask('none')).status).toBe(403);
  });

  it('A34 a refused upload leaves nothing and is not read', async () => {
    const { sessionId } = await openSession(gateway);

    const [answer] = await rawExchange(
      gateway.port,
      [
        `POST ${paths.images(sessionId)} HTTP/1.1`,
        HOST,
        'Origin: https://evil.example',
        'Content-Type: image/png',
        'Content-Length: 10',
        '',
        '0123456789',
      ].join('\r\n'),
    );

    expect(answer?.status).toBe(403);
  });
});

describe('A34 CORS', () => {
  const preflight = (origin: string) =>
    fetch(`${gateway.url}${paths.sessions}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });

  it('A34 a preflight of a listed origin is a 204 with exactly what is allowed', async () => {
    const response = await preflight(LISTED);

    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': LISTED,
      'access-control-allow-headers':
        'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Prefer, X-Request-Id, traceparent',
      'access-control-allow-methods': 'GET, HEAD, POST, PATCH, DELETE, OPTIONS',
      vary: 'Origin',
    });
    expect(response.headers.has('access-control-allow-credentials')).toBe(false);
  });

  it('A34 a preflight of a loopback page that is not listed allows nothing', async () => {
    const response = await preflight('http://localhost:5173');

    expect(response.status).toBe(204);
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-'))).toEqual([]);
  });

  const exposed =
    'ETag, Idempotent-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';

  it.each([
    ['an answer', '/healthz', 200],
    ['a 404', '/nothing', 404],
    ['a session that is not there', paths.events('ses_none'), 404],
  ])('A34 on %s', async (_what, path, status) => {
    const response = await fetch(`${gateway.url}${path}`, { headers: { origin: LISTED } });

    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(LISTED);
    expect(response.headers.get('access-control-expose-headers')).toBe(exposed);
    expect(response.headers.get('vary')).toContain('Origin');
  });

  it('A34 on a stream', async () => {
    const { sessionId } = await openSession(gateway);

    await using stream = await openStream(`${gateway.url}${paths.events(sessionId)}`, {
      origin: LISTED,
    });

    expect(stream.response.headers.get('access-control-allow-origin')).toBe(LISTED);
    expect(stream.response.headers.get('vary')).toBe('Accept, Origin');
  });
});
