import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProblemError } from '../../src/core/problem.ts';
import type { EventPage } from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { click, openSession, openWithImage, send, startGateway } from '../support/http-gateway.ts';
import { rawExchange, rawRequest } from '../support/http-raw.ts';
import { openStream } from '../support/http-reader.ts';
import { within } from '../support/http-within.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const eventsUrl = (sessionId: string) => `${gateway.url}${paths.events(sessionId)}`;

describe('A18 negotiation', () => {
  const STREAM = 'text/event-stream';
  const JSON_TYPE = 'application/json';

  it.each([
    [undefined, STREAM],
    ['*/*', STREAM],
    ['text/html,application/xhtml+xml,*/*;q=0.8', STREAM],
    ['text/event-stream', STREAM],
    ['application/json, text/event-stream', STREAM],
    ['application/json, text/plain, */*', STREAM],
    ['application/json;q=0.5, text/event-stream;q=0.6', STREAM],
    ['application/json;q=0', STREAM],
    ['image/png', STREAM],
    [',;q=,,', STREAM],
    ['application/json', JSON_TYPE],
    ['Application/JSON', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json;q=0.6, text/event-stream;q=0.5', JSON_TYPE],
    ['application/json, */*;q=0.1', JSON_TYPE],
    ['text/event-stream;q=0, */*', JSON_TYPE],
  ])('A18 Accept: %s gets %s', async (accept, type) => {
    const { sessionId } = await openSession(gateway);
    const headers = accept === undefined ? [] : [`Accept: ${accept}`];

    const [answer] = await rawExchange(
      gateway.port,
      rawRequest(paths.events(sessionId), 'Host: localhost', ...headers).replace('GET', 'HEAD'),
    );

    expect(answer?.status).toBe(200);
    expect(answer?.headers.get('content-type')).toBe(type);
    expect(answer?.headers.get('vary')).toBe('Accept, Origin');
  });
});

describe('A18 the stream', () => {
  it('A18 headers, and no hop-by-hop header of our own', async () => {
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(eventsUrl(sessionId));
    const headers = Object.fromEntries(stream.response.headers);

    expect(headers).toMatchObject({
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'content-type': 'text/event-stream',
    });
    expect(headers['connection']).toBeUndefined();
    expect(headers['keep-alive']).toBeUndefined();
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers['x-request-id']).toMatch(/^req_/);
  });

  it('A18 is never compressed, whatever the caller can read', async () => {
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(eventsUrl(sessionId), { 'accept-encoding': 'br, gzip' });

    expect(stream.response.headers.has('content-encoding')).toBe(false);
  });

  it('A22 A25 begins with retry, stream.opened and the snapshot', async () => {
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(eventsUrl(sessionId));

    await stream.named('session.snapshot');

    expect(stream.frames.map((frame) => frame.event)).toEqual([
      'stream.opened',
      'session.snapshot',
    ]);
    expect(stream.retries[0]).toBeGreaterThanOrEqual(1_000);
    expect(stream.retries[0]).toBeLessThanOrEqual(3_000);
  });

  it('A19 clicks come back as masks, each frame one envelope', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    await using stream = await openStream(eventsUrl(sessionId));
    await stream.named('session.snapshot');

    const { clickId } = await click(gateway, sessionId, { imageId });

    const done = await stream.named('segment.completed');
    expect(done.data.payload).toMatchObject({ covers: [clickId] });
    expect(done.id).toBe(done.data.eventId);
  });

  it('A23 Last-Event-ID wins over ?after, which has an alias', async () => {
    const { sessionId } = await openWithImage(gateway);
    await using all = await openStream(`${eventsUrl(sessionId)}?after=start`);
    const first = await all.named('session.opened');
    const second = await all.named('image.added');
    const after = second.id ?? '';

    await using byHeader = await openStream(`${eventsUrl(sessionId)}?after=start`, {
      'last-event-id': after,
    });
    await using byQuery = await openStream(`${eventsUrl(sessionId)}?after=${first.id}`);
    await using byAlias = await openStream(`${eventsUrl(sessionId)}?lastEventId=${first.id}`);

    const firstOf = async (stream: typeof all) =>
      (await stream.next('a logged event', (frame) => frame.data.sequence !== undefined)).data.type;
    expect(await firstOf(byHeader)).toBe('image.ready');
    expect(await firstOf(byQuery)).toBe('image.added');
    expect(await firstOf(byAlias)).toBe('image.added');
  });

  it('A23 an empty Last-Event-ID does not count', async () => {
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(`${eventsUrl(sessionId)}?after=start`, {
      'last-event-id': '',
    });

    expect((await stream.named('session.opened')).data.sequence).toBe(1);
  });

  it.each(['nonsense', '1-2-3', `${'9'.repeat(40)}-1`, '%00', 'a'.repeat(5_000)])(
    'A24 a cursor of %s is answered with a reset, not with an error',
    async (cursor) => {
      const { sessionId } = await openSession(gateway);
      await using stream = await openStream(`${eventsUrl(sessionId)}?after=${cursor}`);

      expect(stream.response.status).toBe(200);
      const reset = await stream.named('stream.reset');
      expect(reset.data.payload['reason']).toBe('cursor_invalid');
      await stream.named('session.snapshot');
    },
  );

  it('A8 ends when the session is deleted', async () => {
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(eventsUrl(sessionId));
    await stream.named('session.snapshot');

    expect((await send(gateway, 'DELETE', paths.session(sessionId))).status).toBe(204);

    await stream.named('session.closed');
    await stream.end();
    expect((await fetch(eventsUrl(sessionId))).status).toBe(404);
  });

  it('A22 participants are named on request; a name that is none is ignored', async () => {
    const { sessionId } = await openSession(gateway);
    await using named = await openStream(`${eventsUrl(sessionId)}?participant=ann`);
    await using _other = await openStream(`${eventsUrl(sessionId)}?participant=a%20b`);
    await named.named('session.snapshot');

    const snapshot = await (await send(gateway, 'GET', paths.session(sessionId))).json();

    expect(snapshot).toMatchObject({ participants: [{ participantId: 'ann' }] });
  });

  it.each(['ses_none', `ses_${'A'.repeat(22)}`, '..', '%2e%2e', 'ses_%00'])(
    'A8 the session %s is a 404 problem',
    async (id) => {
      const response = await fetch(eventsUrl(id));

      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    },
  );

  it('A25 lost storage is told on the stream, which ends cleanly', async () => {
    await using lost = await startGateway({
      engine: (engine) => ({
        ...engine,
        sessions: new Proxy(engine.sessions, {
          get: (target, name) =>
            name === 'touch'
              ? () => Promise.reject(new ProblemError('storage_unavailable', 'gone'))
              : Reflect.get(target, name).bind(target),
        }),
      }),
    });
    const { sessionId } = await openSession(lost);

    await using stream = await openStream(`${lost.url}${paths.events(sessionId)}`);

    expect(stream.response.status).toBe(200);
    const frame = await stream.named('stream.draining');
    await stream.end();
    expect(stream.retries).toEqual([frame.data.payload['reconnectInMs']]);
    const other = await send(lost, 'GET', paths.session(sessionId));
    expect(other.status).toBe(503);
    expect(other.headers.get('retry-after')).toBe('1');
  });

  it('A25 a gateway that stops sends its readers away, and new ones too', async () => {
    await using own = await startGateway();
    const { sessionId } = await openSession(own);
    await using stream = await openStream(`${own.url}${paths.events(sessionId)}`);
    await stream.named('session.snapshot');

    await own.gateway.drain();

    await stream.named('stream.draining');
    await stream.end();
    await using late = await openStream(`${own.url}${paths.events(sessionId)}`);
    await late.named('stream.draining');
    await late.end();
    expect(late.response.status).toBe(200);
    expect((await fetch(`${own.url}${paths.ready}`)).status).toBe(503);
  });
});

describe('A18 other ways to read', () => {
  it('A18 curl -N sees the first bytes at once', async () => {
    const { sessionId } = await openSession(gateway);
    const curl = spawn('curl', ['-sN', eventsUrl(sessionId)]);
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

describe('A26 pages', () => {
  const page = async (query: string, sessionId: string) => {
    const response = await fetch(`${eventsUrl(sessionId)}${query}`, {
      headers: { accept: 'application/json' },
    });
    return { status: response.status, body: (await response.json()) as EventPage };
  };

  it('A26 without a position: the snapshot at once', async () => {
    const { sessionId } = await openSession(gateway);

    const { body } = await page('', sessionId);

    expect(body).toMatchObject({ events: [], snapshot: { sessionId } });
  });

  it('A26 pages of `limit` events from the start', async () => {
    const { sessionId } = await openWithImage(gateway);

    const first = await page('?after=start&limit=1', sessionId);
    const second = await page(`?after=${first.body.cursor}&limit=1`, sessionId);

    expect([...first.body.events, ...second.body.events].map((event) => event.sequence)).toEqual([
      1, 2,
    ]);
  });

  it('A26 is held until something is there', async () => {
    const { sessionId, imageId } = await openWithImage(gateway);
    const { body } = await page('', sessionId);
    const held = page(`?after=${body.cursor}&wait=20`, sessionId);

    await click(gateway, sessionId, { imageId });

    const answer = await within(held, 'the page');
    expect(answer.body.events[0]?.type).toMatch(/image\.ready|click\.accepted/);
  });

  it('A26 a lost position: reset and snapshot', async () => {
    const { sessionId } = await openSession(gateway);

    const { body } = await page('?after=nonsense&wait=20', sessionId);

    expect(body).toMatchObject({ reset: { reason: 'cursor_invalid' }, snapshot: { sessionId } });
  });

  it.each([
    'wait=31',
    'wait=-1',
    'wait=x',
    'wait=',
    'wait=1e1',
    'limit=0',
    'limit=1001',
    'limit=1.5',
    'limit=x',
  ])('A26 %s is a 400 that names it', async (query) => {
    const { sessionId } = await openSession(gateway);

    const response = await fetch(`${eventsUrl(sessionId)}?after=start&${query}`, {
      headers: { accept: 'application/json' },
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ path: query.split('=')[0] }] });
  });

  it('A26 a caller that leaves is forgotten', async () => {
    const { sessionId } = await openSession(gateway);
    const { body } = await page('', sessionId);
    const abort = new AbortController();
    const held = fetch(`${eventsUrl(sessionId)}?after=${body.cursor}&wait=30`, {
      headers: { accept: 'application/json' },
      signal: abort.signal,
    });
    const signalled = new Promise<AbortSignal>((resolve) => {
      const original = gateway.gateway.pages.page.bind(gateway.gateway.pages);
      gateway.gateway.pages.page = (session, start, options) => {
        resolve(options.signal);
        return original(session, start, options);
      };
    });
    const signal = await within(signalled, 'the page is asked for');

    abort.abort();

    await expect(held).rejects.toThrow('aborted');
    await within(
      signal.aborted ? Promise.resolve() : once(signal, 'abort').then(() => {}),
      'the signal aborts',
    );
    expect(signal.aborted).toBe(true);
  });
});
