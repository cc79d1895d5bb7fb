import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Snapshot } from '../../src/protocol/bodies.ts';
import { AFTER_START, HEADERS, paths } from '../../src/protocol/routes.ts';
import { freePort } from '../redis/redis-server.ts';
import { addImage, click, openSession, openWithImage } from '../support/http-gateway.ts';
import { plainPng } from '../support/http-images.ts';
import type { Frame, StreamReader } from '../support/http-reader.ts';
import { openStream as openAt } from '../support/http-reader.ts';
import type { Pair } from './gateways.ts';
import { SERVED_HOST, startPair } from './gateways.ts';
import { Running } from './processes.ts';
import type { ProxyProcess } from './proxies.ts';
import { PROXY_NAMES, startProxy } from './proxies.ts';

/** The largest file that gateways take, as they are delivered. */
const LARGEST = 5 * 1024 * 1024;

/** Deadlines say that something hangs, and nothing about how fast it is. */
const PATIENCE_MS = 20_000;

const openStream = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  openAt(url, headers, PATIENCE_MS);

const covers = (clickId: string) => (frame: Frame) =>
  frame.event === 'segment.completed' && (frame.data.payload['covers'] as string[])[0] === clickId;

const logged = (frames: readonly Frame[]) =>
  frames.map(({ data }) => data.sequence).filter((sequence) => sequence !== undefined);

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** A picture of exactly {@link LARGEST} bytes; different ones for different seeds. */
async function largestPng(seed: number): Promise<Buffer> {
  const png = await plainPng(60 + seed, 40);
  const padding = Buffer.alloc(LARGEST - png.length);
  for (let i = 0; i < padding.length; i += 1)
    padding[i] = Math.imul(i + seed, 2_654_435_761) >>> 24;
  return Buffer.concat([png, padding]);
}

/** A gateway's answer and what a proxy makes of it. */
async function problemAt(url: string): Promise<unknown> {
  const response = await fetch(url, { headers: { [HEADERS.requestId]: 'the-same' } });
  const { status, headers } = response;
  return { status, type: headers.get('content-type'), body: await response.text() };
}

/** Whether a stream brings a frame; if not, it must have ended. */
async function goesOn(stream: StreamReader, fits: (frame: Frame) => boolean): Promise<boolean> {
  try {
    await stream.next('the stream goes on', fits);
    return true;
  } catch (error) {
    if (stream.ended) return false;
    throw error;
  }
}

describe.each(PROXY_NAMES)('%s', (name) => {
  let pair: Pair;
  let proxy: ProxyProcess;

  beforeAll(async () => {
    pair = await startPair();
    proxy = await startProxy(name, pair.addresses);
  });

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await pair?.[Symbol.asyncDispose]();
  });

  test('A18 passes each event on as it comes', async () => {
    const { sessionId, imageId } = await openWithImage(proxy);
    await using stream = await openStream(`${proxy.url}${paths.events(sessionId)}`);
    const { headers } = stream.response;
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(headers.get('cache-control')).toBe('no-store, no-transform');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(headers.get('content-encoding')).toBeNull();
    await stream.named('stream.opened');
    // Each click waits for the mask of the one before: whatever collects events would wait for ever.
    for (const objectId of ['one', 'two', 'three']) {
      const { clickId } = await click(proxy, sessionId, { imageId, objectId });
      await stream.next(`the mask of ${objectId}`, covers(clickId));
    }
    expect(stream.ended).toBe(false);
  });

  test('A18 curl -N shows each event as it comes', async () => {
    const { sessionId, imageId } = await openWithImage(proxy);
    await using curl = new Running('curl', ['-sN', `${proxy.url}${paths.events(sessionId)}`]);
    await curl.line(/^event: stream\.opened$/);
    const { clickId } = await click(proxy, sessionId, { imageId, objectId: 'one' });
    await curl.line(new RegExp(`^data: .*"segment\\.completed".*"covers":\\["${clickId}"\\]`));
    expect(curl.ended).toBe(false);
  });

  test('A23 a reader that comes back goes on exactly where it was', async () => {
    const { sessionId, imageId } = await openWithImage(proxy);
    const events = `${proxy.url}${paths.events(sessionId)}`;
    const before = await openStream(`${events}?after=${AFTER_START}`);
    const first = await click(proxy, sessionId, { imageId, objectId: 'one' });
    const seen = await before.next('the first mask', covers(first.clickId));
    await before[Symbol.asyncDispose]();
    const missed = await click(proxy, sessionId, { imageId, objectId: 'two' });
    await using after = await openStream(events, { [HEADERS.lastEventId]: seen.id ?? '' });
    await after.next('the mask that was missed', covers(missed.clickId));
    const live = await click(proxy, sessionId, { imageId, objectId: 'three' });
    const last = await after.next('the mask after it', covers(live.clickId));
    const until = before.frames.slice(0, before.frames.indexOf(seen) + 1);
    const all = [...logged(until), ...logged(after.frames)];
    expect(all).toEqual(upTo(last.data.sequence ?? 0));
  });

  test('A26 answers a held request when there is something', async () => {
    const { sessionId, imageId } = await openWithImage(proxy);
    const session = await fetch(`${proxy.url}${paths.session(sessionId)}`);
    const { cursor } = (await session.json()) as Snapshot;
    const held = fetch(`${proxy.url}${paths.events(sessionId)}?after=${cursor}&wait=30`, {
      headers: { accept: 'application/json' },
    });
    await click(proxy, sessionId, { imageId, objectId: 'one' });
    const { events } = (await (await held).json()) as { events: readonly unknown[] };
    expect(events.length).toBeGreaterThan(0);
  });

  test('A9 takes a file of the largest size, as raw bytes', async () => {
    const { sessionId } = await openSession(proxy);
    const bytes = await largestPng(1);
    const { imageId } = await addImage(proxy, sessionId, bytes);
    const kept = await fetch(`${proxy.url}${paths.image(sessionId, imageId)}`);
    expect(Buffer.from(await kept.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('A9 takes three of the largest size in one form, and refuses a larger one', async () => {
    const { sessionId } = await openSession(proxy);
    const form = new FormData();
    form.set('image', new Blob([await largestPng(2)]), 'image.png');
    form.set('reference', new Blob([await largestPng(3)]), 'reference.png');
    form.set('embedding', new Blob([await largestPng(4)]), 'embedding.bin');
    const target = `${proxy.url}${paths.images(sessionId)}`;
    const taken = await fetch(target, { method: 'POST', body: form });
    expect(taken.status).toBe(201);
    const larger = Buffer.concat([await largestPng(5), Buffer.alloc(1)]);
    const headers = { 'content-type': 'image/png' };
    const refused = await fetch(target, { method: 'POST', headers, body: larger });
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ code: 'payload_too_large' });
  });

  test('problem bodies pass unchanged', async () => {
    const missing = paths.session('ses_AAAAAAAAAAAAAAAAAAAAAA');
    const passed = await problemAt(`${proxy.url}${missing}`);
    expect(passed).toEqual(await problemAt(`${pair.first.url}${missing}`));
    expect(passed).toMatchObject({ status: 404, type: 'application/problem+json' });
  });

  test('A34 gateways see the host that the browser sees', async () => {
    const post = async (host: string, origin: string) => {
      const target = `${proxy.url}${paths.sessions}`;
      const headers = ['-H', `Host: ${host}`, '-H', `Origin: ${origin}`];
      const format = ['-o', '/dev/null', '-w', '%{http_code}\n'];
      await using curl = new Running('curl', ['-s', '-X', 'POST', ...format, ...headers, target]);
      return await curl.line(/^\d{3}$/);
    };
    expect(await post(`${SERVED_HOST}:8080`, `http://${SERVED_HOST}:8080`)).toBe('201');
    expect(await post(`${SERVED_HOST}:8080`, `http://${SERVED_HOST}:8081`)).toBe('403');
    expect(await post('other.example', 'http://other.example')).toBe('403');
  });

  test('what is not for the public stays inside', async () => {
    const statuses = ['/metrics', paths.blob('blob_1')].map(
      async (path) => (await fetch(`${proxy.url}${path}`)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 404]);
    expect((await fetch(`${pair.first.url}/metrics`)).status).toBe(200);
  });
});

describe.each(PROXY_NAMES)('%s, when gateways fail', (name) => {
  test('a POST that was sent is not sent again', async () => {
    let posts = 0;
    const server = createServer(async (request, response) => {
      if (request.method === 'GET') return void response.end('{}');
      posts += 1;
      for await (const _ of request);
      request.socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await using proxy = await startProxy(name, [address, address]);
      const response = await fetch(`${proxy.url}${paths.sessions}`, { method: 'POST', body: '{}' });
      expect(response.status).toBe(502);
      expect(posts).toBe(1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('a gateway that is not there is passed over, for a POST too', async () => {
    await using pair = await startPair();
    const nobody = `127.0.0.1:${await freePort()}`;
    await using proxy = await startProxy(name, [nobody, pair.second.address]);
    const opened = await Promise.all(Array.from({ length: 6 }, () => openSession(proxy)));
    expect(new Set(opened.map(({ sessionId }) => sessionId)).size).toBe(6);
  });

  test('A25 streams are answered by gateways, though none is ready', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    await using pair = await startPair({ FEATURE_SERVER_URL: nobody });
    await using proxy = await startProxy(name, pair.addresses);
    if (name === 'haproxy') await proxy.process.line(/backend ready has no server available/);
    const { sessionId } = await openSession(proxy);
    await using stream = await openStream(`${proxy.url}${paths.events(sessionId)}`);
    expect(stream.response.status).toBe(200);
    await stream.named('session.snapshot');
    const readiness = await fetch(`${proxy.url}${paths.ready}`);
    expect(readiness.status).toBe(503);
    expect(await readiness.json()).toMatchObject({ status: 'unavailable' });
  });

  test.each([
    ['is killed', 'SIGKILL'],
    ['stops', 'SIGTERM'],
  ] as const)('A23 a gateway %s, and the other goes on with its readers', async (_, signal) => {
    await using pair = await startPair();
    await using proxy = await startProxy(name, pair.addresses);
    const { sessionId, imageId } = await openWithImage(proxy);
    const events = `${proxy.url}${paths.events(sessionId)}`;
    await using readers = new AsyncDisposableStack();
    const open = async (url: string, headers = {}) => readers.use(await openStream(url, headers));
    const streams = await Promise.all(upTo(4).map(() => open(`${events}?after=${AFTER_START}`)));
    const early = await click(proxy, sessionId, { imageId, objectId: 'early' });
    for (const stream of streams) await stream.next('the first mask', covers(early.clickId));

    await pair.first.process.stop(signal);
    const late = await click(proxy, sessionId, { imageId, objectId: 'late' });
    let cut = 0;
    for (const stream of streams) {
      let reader = stream;
      let earlier: readonly Frame[] = [];
      if (!(await goesOn(stream, covers(late.clickId)))) {
        cut += 1;
        earlier = stream.frames;
        const position = earlier.findLast(({ id }) => id !== undefined)?.id ?? '';
        reader = await open(events, { [HEADERS.lastEventId]: position });
      }
      const last = await reader.next('the last mask', covers(late.clickId));
      const all = [...logged(earlier), ...logged(reader.frames)];
      expect(all).toEqual(upTo(last.data.sequence ?? 0));
    }
    // The proxy spread them over both.
    expect(cut).toBeGreaterThan(0);
    expect(cut).toBeLessThan(streams.length);
  });
});
