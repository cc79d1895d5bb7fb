import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventPage } from '../../src/protocol/bodies.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import {
  click,
  eventsUrl,
  openSession,
  openWithImage,
  startGateway,
} from '../support/http-gateway.ts';
import { within } from '../support/http-within.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A26 pages', () => {
  const page = async (query: string, sessionId: string) => {
    const response = await fetch(`${eventsUrl(gateway, sessionId)}${query}`, {
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

    const response = await fetch(`${eventsUrl(gateway, sessionId)}?after=start&${query}`, {
      headers: { accept: 'application/json' },
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ path: query.split('=')[0] }] });
  });

  it('A26 a caller that leaves is forgotten', async () => {
    const { sessionId } = await openSession(gateway);
    const { body } = await page('', sessionId);
    const abort = new AbortController();
    const held = fetch(`${eventsUrl(gateway, sessionId)}?after=${body.cursor}&wait=30`, {
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
