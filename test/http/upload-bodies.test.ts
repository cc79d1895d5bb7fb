/** The bodies of uploads as bytes on a connection. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, snapshotOf } from '../support/http-gateway.ts';
import { plainPng } from '../support/http-images.ts';
import { rawExchange } from '../support/http-raw.ts';
import { MAX_IMAGE_BYTES, startForUploads } from './image-uploads.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startForUploads();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A5 bodies larger than allowed, on the wire', () => {
  const head = (sessionId: string, ...headers: readonly string[]) =>
    [
      `POST ${paths.images(sessionId)} HTTP/1.1`,
      'Host: localhost',
      'Content-Type: image/png',
      ...headers,
      '',
      '',
    ].join('\r\n');

  it('A9 a 413 comes before the rest is read', async () => {
    const { sessionId } = await openSession(gateway);
    const announced = 1024 * 1024 * 1024;

    const [answer] = await rawExchange(
      gateway.port,
      head(sessionId, `Content-Length: ${announced}`),
      new Uint8Array(1024),
    );

    expect(answer?.status).toBe(413);
    expect(answer?.headers.get('connection')).toBe('close');
  });

  it('A9 a chunked body of nothing is a 400', async () => {
    const { sessionId } = await openSession(gateway);

    const [answer] = await rawExchange(
      gateway.port,
      head(sessionId, 'Transfer-Encoding: chunked', 'Connection: close'),
      '0\r\n\r\n',
    );

    expect(answer?.status).toBe(400);
  });

  it('A9 with Expect: 100-continue the body is never asked for', async () => {
    const { sessionId } = await openSession(gateway);

    const answers = await rawExchange(
      gateway.port,
      head(sessionId, `Content-Length: ${MAX_IMAGE_BYTES + 1}`, 'Expect: 100-continue'),
    );

    expect(answers.map((answer) => answer.status)).toEqual([413]);
  });

  it('A9 with Expect: 100-continue a good body is asked for', async () => {
    const { sessionId } = await openSession(gateway);
    const image = await plainPng(5, 5);
    const headers = [
      `Content-Length: ${image.length}`,
      'Expect: 100-continue',
      'Connection: close',
    ];

    const answers = await rawExchange(gateway.port, head(sessionId, ...headers), image);

    expect(answers.map((answer) => answer.status)).toEqual([100, 201]);
  });

  it('A2 bytes beyond the announced length are another request, and a bad one', async () => {
    const { sessionId } = await openSession(gateway);
    const image = await plainPng(5, 5);

    const answers = await rawExchange(
      gateway.port,
      head(sessionId, `Content-Length: ${image.length}`),
      Buffer.concat([image, Buffer.from('garbage\r\n\r\n')]),
    );

    expect(answers.map((answer) => answer.status)).toContain(400);
    expect((await snapshotOf(gateway, sessionId)).images.length).toBeLessThanOrEqual(1);
  });
});
