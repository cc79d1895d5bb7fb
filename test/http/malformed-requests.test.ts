import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { startGateway } from '../support/http-gateway.ts';
import { HOST, rawExchange, rawGet } from '../support/http-raw.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const get = (target: string, ...headers: readonly string[]) =>
  rawGet(gateway.port, target, ...headers);

describe('A2 what is not even a request', () => {
  const cases: readonly (readonly [what: string, request: string, status: number])[] = [
    ['nonsense', 'NONSENSE\r\n\r\n', 400],
    ['a bare line feed', `GET /healthz HTTP/1.1\n${HOST}\n\n`, 400],
    [
      'both lengths',
      `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'two lengths',
      `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
      400,
    ],
    ['a length that is none', `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: -1\r\n\r\n`, 400],
    ['a space before the colon', `GET / HTTP/1.1\r\n${HOST}\r\nX : y\r\n\r\n`, 400],
    ['a folded header', `GET / HTTP/1.1\r\n${HOST}\r\nX: y\r\n z\r\n\r\n`, 400],
    ['a NUL', `GET / HTTP/1.1\r\n${HOST}\r\nX: \0\r\n\r\n`, 400],
    [
      'a bad chunk',
      `POST ${paths.sessions} HTTP/1.1\r\n${HOST}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
    ['20 KiB of headers', `GET / HTTP/1.1\r\n${HOST}\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ];

  it.each(cases)('A2 %s', async (_what, request, status) => {
    const [answer] = await rawExchange(gateway.port, request);

    expect(answer?.status).toBe(status);
    expect(answer?.headers.get('content-type')).toBe('application/problem+json');
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'invalid_request', status });
    expect(answer?.body).not.toMatch(/HPE_|node:|at /);
  });

  it('A2 an expectation that is none of ours is ignored', async () => {
    expect((await get('/healthz', HOST, 'Expect: wonders')).status).toBe(200);
  });

  it.each(['websocket', 'h2c'])('A2 an upgrade to %s is not taken', async (protocol) => {
    const answer = await get('/healthz', HOST, `Upgrade: ${protocol}`, 'Connection: upgrade');

    expect(answer.status).toBe(200);
  });

  it('A2 a body that never comes whole: the rest of the gateway does not care', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST ${paths.sessions} HTTP/1.1\r\n${HOST}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
    );
    await once(socket, 'connect');
    socket.destroy();

    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect(gateway.log.lines.filter((line) => line.level === 'error')).toEqual([]);
  });
});
