import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { eventsUrl, openSession, startGateway } from '../support/http-gateway.ts';
import { within } from '../support/http-within.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A18 other ways to read', () => {
  it('A18 curl -N sees the first bytes at once', async () => {
    const { sessionId } = await openSession(gateway);
    const curl = spawn('curl', ['-sN', eventsUrl(gateway, sessionId)]);
    let text = '';
    curl.stdout.setEncoding('utf8');
    const seen = new Promise<void>((resolve) => {
      curl.stdout.on('data', (part: string) => {
        text += part;
        if (text.includes('event: session.snapshot')) resolve();
      });
    });

    await within(seen, 'curl prints the snapshot');
    const closed = once(curl, 'close');
    curl.kill();
    await within(closed, 'curl ends');

    expect(text).toMatch(/^retry: \d+\nevent: stream\.opened\n/);
  });

  it('A18 HTTP/2', async () => {
    const { sessionId } = await openSession(gateway);
    const server = createHttp2Server((incoming, outgoing) =>
      gateway.face.listener(incoming as never, outgoing as never),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connectHttp2(`http://localhost:${port}`);
    try {
      const stream = client.request({ ':path': `${paths.events(sessionId)}?after=start` });
      const [headers] = await within(once(stream, 'response'), 'the response');
      stream.setEncoding('utf8');
      let text = '';
      const seen = new Promise<void>((resolve) => {
        stream.on('data', (part: string) => {
          text += part;
          if (text.includes('session.opened')) resolve();
        });
      });
      await within(seen, 'the first event');
      const missing = client.request({ ':path': '/nothing' });
      const [problem] = await within(once(missing, 'response'), 'the problem');
      const post = client.request({
        ':path': paths.sessions,
        ':method': 'POST',
        'content-type': 'application/json',
      });
      post.end('{"name":"h2"}');
      const [created] = await within(once(post, 'response'), 'the session');

      expect(headers[':status']).toBe(200);
      expect(headers['x-accel-buffering']).toBe('no');
      expect(problem[':status']).toBe(404);
      expect(created[':status']).toBe(201);
    } finally {
      client.destroy();
      server.close();
    }
  });
});
