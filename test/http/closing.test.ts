import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  click,
  eventsUrl,
  openSession,
  openWithImage,
  startGateway,
} from '../support/http-gateway.ts';
import { openStream } from '../support/http-reader.ts';
import { within } from '../support/http-within.ts';

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
    await using stream = await openStream(eventsUrl(own, sessionId));
    await stream.named('session.snapshot');

    await within(own.server.close(50), 'the server closes');

    await stream.end();
    expect(stream.ended).toBe(true);
  });
});
