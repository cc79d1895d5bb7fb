import { describe, expect, it } from 'vitest';
import type { HttpFaceOptions } from '../../src/adapters/http/face.ts';
import type { Problem } from '../../src/core/problem.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, openWithImage, send, startGateway } from '../support/http-gateway.ts';
import { plainPng } from '../support/http-images.ts';
import { rawExchange } from '../support/http-raw.ts';
import { openStream } from '../support/http-reader.ts';

/** So slow that nothing comes back while a test runs. */
const limit = (burst: number) => ({ perSecond: 0.01, burst });

const PROXIED = ['127.0.0.1', '::1'];

const limited = (face: Partial<HttpFaceOptions>) => startGateway({ face });

const clickOn = (gateway: TestGateway, sessionId: string, imageId: string, objectId = 'a') =>
  send(gateway, 'POST', paths.clicks(sessionId), {
    imageId,
    objectId,
    points: [{ x: 1, y: 1, label: 1 }],
  });

const rate = ({ headers }: Response) => ({
  policy: headers.get('ratelimit-policy'),
  left: headers.get('ratelimit'),
  retry: headers.get('retry-after'),
});

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

  it('A5 whoever hammers slows only itself: other sessions of the address go on', async () => {
    await using gateway = await limited({ rateLimit: limit(20) });
    const calm = await openWithImage(gateway);
    const wild = await openWithImage(gateway);
    const hammered = await Promise.all(
      Array.from({ length: 60 }, () => clickOn(gateway, wild.sessionId, wild.imageId)),
    );
    // One of its twenty was the image.
    expect(hammered.filter(({ status }) => status === 202)).toHaveLength(19);
    expect(hammered.filter(({ status }) => status === 429)).toHaveLength(41);
    expect((await clickOn(gateway, calm.sessionId, calm.imageId)).status).toBe(202);
  });

  it('A5 an address opens no more sessions than one session may ask for', async () => {
    await using gateway = await limited({ rateLimit: limit(4) });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      statuses.push((await send(gateway, 'POST', paths.sessions, {})).status);
    }
    expect(statuses).toEqual([201, 201, 201, 201, 429, 429]);
    const form = new FormData();
    form.set('image', new Blob([(await plainPng(8, 8)) as Uint8Array<ArrayBuffer>]));
    form.set('request', '{"points":[{"x":1,"y":1,"label":1}]}');
    const segment = await fetch(`${gateway.url}${paths.segment}`, { method: 'POST', body: form });
    expect([segment.status, ((await segment.json()) as Problem).code]).toEqual([
      429,
      'rate_limited',
    ]);
  });

  it('A5 all sessions of an address together have ten times what one has, invented ones too', async () => {
    await using gateway = await limited({ rateLimit: limit(2) });
    const statuses: number[] = [];
    for (let i = 0; i < 25; i += 1) {
      const invented = `ses_${String(i).padStart(22, 'x')}`;
      statuses.push((await send(gateway, 'DELETE', paths.session(invented))).status);
    }
    expect(statuses).toEqual([...Array(20).fill(404), ...Array(5).fill(429)]);
  });

  it('A5 a tenant has a limit of its own where it is set, which is used up by what passes only', async () => {
    await using gateway = await limited({ rateLimit: limit(3), tenantRateLimit: limit(6) });
    const { sessionId } = await openSession(gateway);
    const other = await openSession(gateway);
    const remove = (id: string) => send(gateway, 'DELETE', paths.object(id, 'none'));
    const first = await remove(sessionId);
    expect(rate(first).policy).toBe(
      '"session";q=3;w=300, "address";q=30;w=300, "tenant";q=6;w=600',
    );
    for (let i = 0; i < 5; i += 1) await remove(sessionId);
    const last = await remove(other.sessionId);
    expect([last.status, rate(last).left]).toEqual([404, '"tenant";r=0;t=1']);
    const refused = await remove(other.sessionId);
    expect([refused.status, rate(refused).left?.split(';')[0]]).toEqual([429, '"tenant"']);
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

describe('A5 behind a proxy', () => {
  const open = (gateway: TestGateway, forwarded: string) =>
    send(gateway, 'POST', paths.sessions, {}, { 'x-forwarded-for': forwarded });

  it('A5 one that is trusted says who asks: each has its own', async () => {
    await using gateway = await limited({ rateLimit: limit(2), trustedProxies: PROXIED });
    const statuses = async (forwarded: string) => {
      const answers = [await open(gateway, forwarded), await open(gateway, forwarded)];
      return [...answers, await open(gateway, forwarded)].map(({ status }) => status);
    };
    expect(await statuses('203.0.113.9')).toEqual([201, 201, 429]);
    expect(await statuses('203.0.113.10')).toEqual([201, 201, 429]);
    // What stands before the proxy's own entry was claimed by the caller.
    expect((await open(gateway, '198.51.100.1, 203.0.113.9')).status).toBe(429);
    expect(gateway.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('A5 anybody else may claim what it likes, and the log says once what that may mean', async () => {
    await using gateway = await limited({ rateLimit: limit(2) });
    const claims = ['203.0.113.9', '203.0.113.10', '203.0.113.11'];
    const answers: number[] = [];
    for (const claim of claims) answers.push((await open(gateway, claim)).status);
    expect(answers).toEqual([201, 201, 429]);
    const warnings = gateway.log.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining('MASKWIRE_TRUSTED_PROXIES') }),
    ]);
  });
});

describe('A5 open streams', () => {
  it('A5 A25 a reader too many is answered, told to come back later, and let in when one has left', async () => {
    await using gateway = await startGateway({ settings: { maxStreams: 2 } });
    const { sessionId } = await openSession(gateway);
    const url = `${gateway.url}${paths.events(sessionId)}`;
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
    await using stream = await openStream(`${gateway.url}${paths.events(sessionId)}`);
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
      const url = `${gateway.url}${paths.events(sessionId)}`;
      const stream = opened.use(await openStream(url, { 'x-forwarded-for': address }));
      return (await stream.next('the first frame', () => true)).event;
    };
    expect(await read('203.0.113.9')).toBe('stream.opened');
    expect(await read('203.0.113.9')).toBe('stream.opened');
    expect(await read('203.0.113.9')).toBe('stream.draining');
    expect(await read('203.0.113.10')).toBe('stream.opened');
  });
});
