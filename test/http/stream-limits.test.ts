import { describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import {
  eventsUrl,
  openSession,
  openWithImage,
  send,
  startGateway,
} from '../support/http-gateway.ts';
import { openStream } from '../support/http-reader.ts';
import { clickOn, PROXIED, rate } from './limited-gateway.ts';

describe('A5 open streams', () => {
  it('A5 A25 a reader too many is answered, told to come back later, and let in when one has left', async () => {
    await using gateway = await startGateway({ settings: { maxStreams: 2 } });
    const { sessionId } = await openSession(gateway);
    const url = eventsUrl(gateway, sessionId);
    const first = await openStream(url);
    await first.named('session.snapshot');
    await using second = await openStream(url);
    await second.named('session.snapshot');
    await using third = await openStream(url);
    const { data } = await third.named('stream.draining');
    await third.end();
    expect(third.response.status).toBe(200);
    expect(data.payload['reconnectInMs']).toBeGreaterThanOrEqual(10_000);
    expect(data.payload['reconnectInMs']).toBeLessThan(20_000);
    expect(third.retries).toEqual([data.payload['reconnectInMs']]);
    expect(third.frames).toHaveLength(1);
    await first[Symbol.asyncDispose]();
    await expect
      .poll(async () => {
        await using again = await openStream(url);
        return (await again.next('a second frame, or the farewell', () => true)).event;
      })
      .toBe('stream.opened');
  });

  it('A5 A26 held requests count like streams, and are a 429 beyond', async () => {
    await using gateway = await startGateway({ settings: { maxStreams: 1 } });
    const { sessionId, imageId } = await openWithImage(gateway);
    const release = gateway.features.hold();
    const accepted = (await (await clickOn(gateway, sessionId, imageId)).json()) as {
      clickId: string;
    };
    await using stream = await openStream(eventsUrl(gateway, sessionId));
    await stream.named('session.snapshot');
    const held = [
      `${paths.events(sessionId)}?after=start&wait=30`,
      `${paths.click(sessionId, accepted.clickId)}?wait=30`,
    ];
    for (const path of held) {
      const headers = { accept: 'application/json' };
      const refused = await fetch(`${gateway.url}${path}`, { headers });
      expect([refused.status, rate(refused).retry]).toEqual([429, '10']);
    }
    // Without waiting nothing is held.
    const now = await send(gateway, 'GET', paths.click(sessionId, accepted.clickId));
    expect(now.status).toBe(200);
    release();
  });

  it('A5 sessions of one address share its streams, another address has its own', async () => {
    await using gateway = await startGateway({
      settings: { maxStreams: 2 },
      face: { trustedProxies: PROXIED },
    });
    await using opened = new AsyncDisposableStack();
    const read = async (address: string) => {
      const { sessionId } = await openSession(gateway);
      const url = eventsUrl(gateway, sessionId);
      const stream = opened.use(await openStream(url, { 'x-forwarded-for': address }));
      return (await stream.next('the first frame', () => true)).event;
    };
    expect(await read('203.0.113.9')).toBe('stream.opened');
    expect(await read('203.0.113.9')).toBe('stream.opened');
    expect(await read('203.0.113.9')).toBe('stream.draining');
    expect(await read('203.0.113.10')).toBe('stream.opened');
  });
});
