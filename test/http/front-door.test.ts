import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { click, openSession, openWithImage, startGateway } from '../support/http-gateway.ts';
import { rawExchange, rawRequest } from '../support/http-raw.ts';
import { openStream } from '../support/http-reader.ts';
import { within } from '../support/http-within.ts';

const LISTED = 'https://app.example.com';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({
    face: { cors: [LISTED], allowedHosts: ['gateway.internal', 'box:8787'] },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

const get = async (target: string, ...headers: readonly string[]) => {
  const [answer] = await rawExchange(gateway.port, rawRequest(target, ...headers));
  if (answer === undefined) throw new Error('no answer');
  return answer;
};
const host = 'Host: localhost';

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
    ['two', [host, host]],
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
    expect((await get('http://example.com/healthz', host)).status).toBe(400);
    expect((await get('http://localhost/healthz', host)).status).toBe(200);
  });

  it.each(['*', 'healthz', '//', '/\\x'])('A2 the target %s never gets a 5xx', async (target) => {
    const answer = await get(target, host);

    expect([400, 404]).toContain(answer.status);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });
});

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
    const answer = await get('/healthz', host, `Origin: ${origin}`);

    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body).code).toBe('origin_not_allowed');
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
  });

  it('A34 null passes only when the browser vouches for the same origin', async () => {
    const ask = (site: string) => get('/healthz', host, 'Origin: null', `Sec-Fetch-Site: ${site}`);

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
        host,
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

describe('A3 X-Request-Id', () => {
  const idFor = async (path: string, id: string) =>
    (await fetch(`${gateway.url}${path}`, { headers: { 'x-request-id': id } })).headers.get(
      'x-request-id',
    );

  it.each(['/healthz', '/nothing', paths.session('ses_none')])(
    "A3 %s keeps a caller's own",
    async (path) => {
      expect(await idFor(path, 'My-id_1.2')).toBe('My-id_1.2');
      expect(await idFor(path, 'x'.repeat(128))).toBe('x'.repeat(128));
    },
  );

  it.each(['a b', 'x'.repeat(129), 'a/b', 'ä'])('A3 replaces %s', async (id) => {
    expect(await idFor('/healthz', encodeURI(id))).toMatch(/^req_[\w-]{16}$/);
  });

  it('A3 is on refusals by host and on what is no request', async () => {
    const refused = await get('/healthz', 'Host: example.com', 'X-Request-Id: mine');
    const [broken] = await rawExchange(gateway.port, 'NONSENSE\r\n\r\n');

    expect(refused.headers.get('x-request-id')).toBe('mine');
    expect(broken?.headers.get('x-request-id')).toMatch(/^req_/);
  });
});

describe('A2 what is not even a request', () => {
  const cases: readonly (readonly [what: string, request: string, status: number])[] = [
    ['nonsense', 'NONSENSE\r\n\r\n', 400],
    ['a bare line feed', `GET /healthz HTTP/1.1\n${host}\n\n`, 400],
    [
      'both lengths',
      `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'two lengths',
      `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
      400,
    ],
    ['a length that is none', `POST / HTTP/1.1\r\n${host}\r\nContent-Length: -1\r\n\r\n`, 400],
    ['a space before the colon', `GET / HTTP/1.1\r\n${host}\r\nX : y\r\n\r\n`, 400],
    ['a folded header', `GET / HTTP/1.1\r\n${host}\r\nX: y\r\n z\r\n\r\n`, 400],
    ['a NUL', `GET / HTTP/1.1\r\n${host}\r\nX: \0\r\n\r\n`, 400],
    [
      'a bad chunk',
      `POST ${paths.sessions} HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
    ['20 KiB of headers', `GET / HTTP/1.1\r\n${host}\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ];

  it.each(cases)('A2 %s', async (_what, request, status) => {
    const [answer] = await rawExchange(gateway.port, request);

    expect(answer?.status).toBe(status);
    expect(answer?.headers.get('content-type')).toBe('application/problem+json');
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'invalid_request', status });
    expect(answer?.body).not.toMatch(/HPE_|node:|at /);
  });

  it('A2 an expectation that is none of ours is ignored', async () => {
    expect((await get('/healthz', host, 'Expect: wonders')).status).toBe(200);
  });

  it.each(['websocket', 'h2c'])('A2 an upgrade to %s is not taken', async (protocol) => {
    const answer = await get('/healthz', host, `Upgrade: ${protocol}`, 'Connection: upgrade');

    expect(answer.status).toBe(200);
  });

  it('A2 a body that never comes whole: the rest of the gateway does not care', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST ${paths.sessions} HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
    );
    await once(socket, 'connect');
    socket.destroy();

    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect(gateway.log.lines.filter((line) => line.level === 'error')).toEqual([]);
  });
});

describe('closing', () => {
  it('A32 an answer under way ends, idle connections go, then the port is free', async () => {
    await using own = await startGateway();
    const release = own.features.hold();
    const { sessionId, imageId } = await openWithImage(own);
    const { links } = await click(own, sessionId, { imageId });
    const idle = connect(own.port, '127.0.0.1');
    await once(idle, 'connect');
    const idleEnds = once(idle.resume(), 'close');
    const asked = Promise.withResolvers<void>();
    const wait = own.gateway.clicks.wait.bind(own.gateway.clicks);
    own.gateway.clicks.wait = (...input) => {
      asked.resolve();
      return wait(...input);
    };
    const held = fetch(`${own.url}${links.self}?wait=20`);
    await within(asked.promise, 'the click is waited for');

    const closed = own.server.close(10_000);
    await within(idleEnds, 'the idle connection ends');
    release();

    const answer = await within(held, 'the answer');
    expect(await answer.json()).toMatchObject({ status: 'completed' });
    await within(closed, 'the server closes');
    await expect(fetch(`${own.url}/healthz`)).rejects.toThrow();
  });

  it('A32 streams are cut when the grace is over', async () => {
    await using own = await startGateway();
    const { sessionId } = await openSession(own);
    await using stream = await openStream(`${own.url}${paths.events(sessionId)}`);
    await stream.named('session.snapshot');

    await within(own.server.close(50), 'the server closes');

    await stream.end();
    expect(stream.ended).toBe(true);
  });
});
