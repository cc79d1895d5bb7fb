import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { paths } from '../../src/protocol/routes.ts';
import { openSession, openWithImage, send } from '../support/http-gateway.ts';
import { rawExchange } from '../support/http-raw.ts';
import { clickOn, limit, limited, rate } from './limited-gateway.ts';

/** A list of strings with integer parameters, as RFC 9651 writes it. */
const LIST = /^"[a-z]+"(?:;[a-z]=\d{1,15})*(?:, "[a-z]+"(?:;[a-z]=\d{1,15})*)*$/;

describe('A5 rate limits', () => {
  it('A5 what is left is told with every change, and how much there is at most', async () => {
    await using gateway = await limited({ rateLimit: { perSecond: 20, burst: 200 } });
    const opened = await send(gateway, 'POST', paths.sessions, {});
    expect(rate(opened)).toEqual({
      policy: '"opening";q=200;w=10, "address";q=2000;w=10',
      left: '"opening";r=199;t=10',
      retry: null,
    });
    const { sessionId, imageId } = await openWithImage(gateway);
    const answers = [
      await clickOn(gateway, sessionId, imageId),
      await send(gateway, 'PATCH', paths.object(sessionId, 'a'), { label: 'cup' }),
      await send(gateway, 'POST', paths.clicks(sessionId), { nonsense: true }),
      await send(gateway, 'DELETE', paths.object(sessionId, 'a')),
      await send(gateway, 'DELETE', paths.object(sessionId, 'a')),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 200, 400, 204, 404]);
    for (const answer of answers) {
      expect(rate(answer).policy).toBe('"session";q=200;w=10, "address";q=2000;w=10');
      expect(rate(answer).left).toMatch(/^"session";r=19\d;t=10$/);
      expect(rate(answer).left).toMatch(LIST);
      expect(rate(answer).policy).toMatch(LIST);
    }
  });

  it('A5 reading is not counted', async () => {
    await using gateway = await limited({ rateLimit: limit(3) });
    const { sessionId } = await openSession(gateway);
    for (let i = 0; i < 10; i += 1) {
      const read = await send(gateway, 'GET', paths.session(sessionId));
      expect(read.status).toBe(200);
      expect(rate(read)).toEqual({ policy: null, left: null, retry: null });
    }
    const preflight = await fetch(`${gateway.url}${paths.sessions}`, { method: 'OPTIONS' });
    expect([preflight.status, rate(preflight).left]).toEqual([204, null]);
  });

  it('A5 what is too much is a 429 that says when to come back, and changes nothing', async () => {
    await using gateway = await limited({ rateLimit: limit(3) });
    const { sessionId, imageId } = await openWithImage(gateway);
    await clickOn(gateway, sessionId, imageId);
    await clickOn(gateway, sessionId, imageId);
    const refused = await clickOn(gateway, sessionId, imageId, 'b');
    const problem = (await refused.json()) as Problem;
    expect([refused.status, problem.code, problem.retryable]).toEqual([429, 'rate_limited', true]);
    const { left, retry } = rate(refused);
    // A token takes 100 s here, and a part of it may have come back.
    expect(Number(retry)).toBeGreaterThan(60);
    expect(Number(retry)).toBeLessThanOrEqual(100);
    expect(left).toBe(`"session";r=0;t=${retry}`);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    const snapshot = await (await send(gateway, 'GET', paths.session(sessionId))).json();
    expect(JSON.stringify(snapshot)).not.toContain('"objectId":"b"');
  });

  it('A5 refused clicks do not cost a connection each', async () => {
    await using gateway = await limited({ rateLimit: limit(1) });
    const { sessionId } = await openSession(gateway);
    await send(gateway, 'DELETE', paths.object(sessionId, 'none'));
    const body = JSON.stringify({ imageId: 'any', points: [] });
    const request = (connection: string) =>
      [
        `POST ${paths.clicks(sessionId)} HTTP/1.1`,
        'Host: localhost',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        `Connection: ${connection}`,
        '',
        body,
      ].join('\r\n');
    const requests = [request('keep-alive'), request('keep-alive'), request('close')];
    const answers = await rawExchange(gateway.port, requests.join(''));
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 429]);
  });

  it('A5 a refused upload is not read', async () => {
    await using gateway = await limited({ rateLimit: limit(1) });
    const { sessionId } = await openSession(gateway);
    await send(gateway, 'DELETE', paths.object(sessionId, 'none'));
    const head = [
      `POST ${paths.images(sessionId)} HTTP/1.1`,
      'Host: localhost',
      'Content-Type: image/png',
      'Content-Length: 5000000',
      'Expect: 100-continue',
    ];
    const [answer, ...rest] = await rawExchange(gateway.port, `${head.join('\r\n')}\r\n\r\n`);
    expect([answer?.status, rest.length]).toEqual([429, 0]);
    expect(answer?.headers.get('retry-after')).toBeTruthy();
  });

  it('A5 a fast person is never refused by the default: 10 objects, 15 clicks each, all at once', async () => {
    await using gateway = await limited({ rateLimit: { perSecond: 20, burst: 200 } });
    const { sessionId, imageId } = await openWithImage(gateway);
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, i) => clickOn(gateway, sessionId, imageId, `o${i % 10}`)),
    );
    expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
  });

  it('A5 off means neither limits nor headers', async () => {
    await using gateway = await limited({ rateLimit: undefined });
    const opened = await send(gateway, 'POST', paths.sessions, {});
    expect(rate(opened)).toEqual({ policy: null, left: null, retry: null });
  });

  it('A34 pages of other origins may read what is left', async () => {
    const origin = 'https://app.example.com';
    await using gateway = await limited({ rateLimit: limit(3), cors: [origin] });
    const opened = await send(gateway, 'POST', paths.sessions, {}, { origin });
    const exposed = opened.headers.get('access-control-expose-headers');
    expect(exposed).toContain('RateLimit, RateLimit-Policy, Retry-After');
  });
});
