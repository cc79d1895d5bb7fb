import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import {
  click,
  eventsUrl,
  openSession,
  openWithImage,
  send,
  startGateway,
} from '../support/http-gateway.ts';
import { openStream } from '../support/http-reader.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A18 the stream', () => {
  it('A18 headers, and no hop-by-hop header of our own', async () => {
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(eventsUrl(gateway, sessionId));
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
    await using stream = await openStream(eventsUrl(gateway, sessionId), {
      'accept-encoding': 'br, gzip',
    });

    expect(stream.response.headers.has('content-encoding')).toBe(false);
  });

  it('A22 A25 begins with retry, stream.opened and the snapshot', async () => {
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(eventsUrl(gateway, sessionId));

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
    await using stream = await openStream(eventsUrl(gateway, sessionId));
    await stream.named('session.snapshot');

    const { clickId } = await click(gateway, sessionId, { imageId });

    const done = await stream.named('segment.completed');
    expect(done.data.payload).toMatchObject({ covers: [clickId] });
    expect(done.id).toBe(done.data.eventId);
  });

  it('A23 Last-Event-ID wins over ?after, which has an alias', async () => {
    const { sessionId } = await openWithImage(gateway);
    await using all = await openStream(`${eventsUrl(gateway, sessionId)}?after=start`);
    const first = await all.named('session.opened');
    const second = await all.named('image.added');
    const after = second.id ?? '';

    await using byHeader = await openStream(`${eventsUrl(gateway, sessionId)}?after=start`, {
      'last-event-id': after,
    });
    await using byQuery = await openStream(`${eventsUrl(gateway, sessionId)}?after=${first.id}`);
    await using byAlias = await openStream(
      `${eventsUrl(gateway, sessionId)}?lastEventId=${first.id}`,
    );

    const firstOf = async (stream: typeof all) =>
      (await stream.next('a logged event', (frame) => frame.data.sequence !== undefined)).data.type;
    expect(await firstOf(byHeader)).toBe('image.ready');
    expect(await firstOf(byQuery)).toBe('image.added');
    expect(await firstOf(byAlias)).toBe('image.added');
  });

  it('A23 an empty Last-Event-ID does not count', async () => {
    const { sessionId } = await openSession(gateway);
    await using stream = await openStream(`${eventsUrl(gateway, sessionId)}?after=start`, {
      'last-event-id': '',
    });

    expect((await stream.named('session.opened')).data.sequence).toBe(1);
  });

  it.each(['nonsense', '1-2-3', `${'9'.repeat(40)}-1`, '%00', 'a'.repeat(5_000)])(
    'A24 a cursor of %s is answered with a reset, not with an error',
    async (cursor) => {
      const { sessionId } = await openSession(gateway);
      await using stream = await openStream(`${eventsUrl(gateway, sessionId)}?after=${cursor}`);

      expect(stream.response.status).toBe(200);
      const reset = await stream.named('stream.reset');
      expect(reset.data.payload['reason']).toBe('cursor_invalid');
      await stream.named('session.snapshot');
    },
  );

  it('A22 participants are named on request; a name that is none is ignored', async () => {
    const { sessionId } = await openSession(gateway);
    await using named = await openStream(`${eventsUrl(gateway, sessionId)}?participant=ann`);
    await using _other = await openStream(`${eventsUrl(gateway, sessionId)}?participant=a%20b`);
    await named.named('session.snapshot');

    const snapshot = await (await send(gateway, 'GET', paths.session(sessionId))).json();

    expect(snapshot).toMatchObject({ participants: [{ participantId: 'ann' }] });
  });

  it.each(['ses_none', `ses_${'A'.repeat(22)}`, '..', '%2e%2e', 'ses_%00'])(
    'A8 the session %s is a 404 problem',
    async (id) => {
      const response = await fetch(eventsUrl(gateway, id));

      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    },
  );
});
