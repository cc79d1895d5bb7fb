/** A stream that is ended from the gateway's side says so first. */
import { describe, expect, it } from 'vitest';
import { ProblemError } from '../../src/core/problem.ts';
import { paths } from '../../src/protocol/routes.ts';
import { eventsUrl, openSession, send, startGateway } from '../support/http-gateway.ts';
import { openStream } from '../support/http-reader.ts';

describe('A18 the stream', () => {
  it('A8 ends when the session is deleted', async () => {
    await using gateway = await startGateway();
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(eventsUrl(gateway, sessionId));
    await stream.named('session.snapshot');

    expect((await send(gateway, 'DELETE', paths.session(sessionId))).status).toBe(204);

    await stream.named('session.closed');
    await stream.end();
    expect((await fetch(eventsUrl(gateway, sessionId))).status).toBe(404);
  });

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

    await using stream = await openStream(eventsUrl(lost, sessionId));

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
    await using stream = await openStream(eventsUrl(own, sessionId));
    await stream.named('session.snapshot');

    await own.gateway.drain();

    await stream.named('stream.draining');
    await stream.end();
    await using late = await openStream(eventsUrl(own, sessionId));
    await late.named('stream.draining');
    await late.end();
    expect(late.response.status).toBe(200);
    expect((await fetch(`${own.url}${paths.ready}`)).status).toBe(503);
  });
});
