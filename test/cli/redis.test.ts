/** Whole gateways on one Redis: what one begins another one ends. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { RedisCluster } from '../redis/redis-cluster.ts';
import { freePort, RedisServer } from '../redis/redis-server.ts';
import { SentinelGroup } from '../redis/sentinel-group.ts';
import { background, DISC, gateway, maskwire, temporaryFolder, writeDisc } from './harness.ts';

interface Click {
  readonly sessionId: string;
  readonly clickId: string;
  readonly status: string;
}

interface Snapshot {
  readonly images: readonly { readonly imageId: string }[];
  readonly objects: readonly { readonly result?: unknown }[];
}

async function json<Body>(url: string, init?: RequestInit): Promise<Body> {
  const response = await fetch(url, init);
  expect(response.ok, `${url}: ${response.status}`).toBe(true);
  return (await response.json()) as Body;
}

/** A mask of the disc, in a session of its own. */
async function segment(url: string, file: string): Promise<Click> {
  const form = new FormData();
  form.set('request', JSON.stringify({ points: [{ x: DISC.x, y: DISC.y, label: 1 }] }));
  form.set('image', new Blob([await readFile(file)]), 'disc.png');
  return await json(`${url}/v1/segment`, { method: 'POST', body: form });
}

test.each(['Redis', 'a folder'])(
  'sessions and images (in %s) outlive the gateway that took them',
  async (where) => {
    await using server = await RedisServer.start();
    await using folder = await temporaryFolder();
    const file = folder.file('disc.png');
    await writeDisc(file);
    const env = {
      REDIS_URL: server.url,
      ...(where === 'Redis' ? {} : { BLOB_DIR: folder.file('blobs') }),
    };
    await using one = await gateway(env);
    expect(await one.line(/^Storage: /)).toMatch(/Redis; sessions outlive this gateway/);
    const first = await segment(one.url, file);
    expect(first.status).toBe('completed');
    await using two = await gateway(env);
    one.child.kill('SIGKILL');
    await one.ended;
    const session = `${two.url}/v1/sessions/${first.sessionId}`;
    const { images, objects } = await json<Snapshot>(session);
    expect(objects[0]?.result).toBeDefined();
    const imageId = images[0]?.imageId;
    const bytes = await (await fetch(`${session}/images/${imageId}`)).bytes();
    expect(Buffer.compare(bytes, await readFile(file))).toBe(0);
    const click = await json<Click>(`${session}/clicks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ imageId, points: [{ x: 5, y: 5, label: 1 }] }),
    });
    const ended = await json<Click>(`${session}/clicks/${click.clickId}?wait=20`);
    expect(ended.status).toBe('completed');
  },
);

test.each([
  ['one server', () => RedisServer.start()],
  ['a primary with Sentinels', () => SentinelGroup.start()],
  ['a cluster', () => RedisCluster.start()],
])(
  'a stream on one gateway shows what another one takes, and both stop at once: %s',
  async (_, start) => {
    await using server = await start();
    await using folder = await temporaryFolder();
    const file = folder.file('disc.png');
    await writeDisc(file);
    const env = { REDIS_URL: server.url };
    await using one = await gateway(env);
    await using two = await gateway(env);
    const { sessionId } = await segment(one.url, file);
    const { images } = await json<Snapshot>(`${two.url}/v1/sessions/${sessionId}`);
    const imageId = images[0]?.imageId;
    const stream = await fetch(`${one.url}/v1/sessions/${sessionId}/events`);
    const text = stream.text();
    const click = await json<Click>(`${two.url}/v1/sessions/${sessionId}/clicks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ imageId, points: [{ x: 5, y: 5, label: 1 }], objectId: 'other' }),
    });
    await json(`${two.url}/v1/sessions/${sessionId}/clicks/${click.clickId}?wait=20`);
    for (const running of [one, two]) {
      running.child.kill('SIGTERM');
      expect(await running.ended).toEqual({ code: 0, signal: null });
    }
    expect(await text).toContain(click.clickId);
    expect(await text).toMatch(/event: segment\.completed\n(.+\n)*data: .*"objectId":"other"/);
  },
);

/** A way to Redis on which nothing comes back any more once `text` has been sent there. */
async function mutedAfter(port: number, text: string) {
  const heard = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  let muted = false;
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    client.on('data', (bytes: Buffer) => {
      muted ||= bytes.includes(text);
      redis.write(bytes);
      if (muted) heard.resolve();
    });
    redis.on('data', (bytes) => muted || client.write(bytes));
    for (const [socket, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: heard.promise,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

test('L7 a click over which its gateway died is ended by another, though nobody comes back', async () => {
  await using server = await RedisServer.start();
  await using folder = await temporaryFolder();
  const file = folder.file('disc.png');
  await writeDisc(file);
  const mark = 'the-click-that-is-left-behind';
  await using link = await mutedAfter(server.port, mark);
  await using doomed = await gateway({ REDIS_URL: link.url });
  await using _other = await gateway({ REDIS_URL: server.url });
  const { sessionId } = await segment(doomed.url, file);
  const session = `${doomed.url}/v1/sessions/${sessionId}`;
  const { images } = await json<Snapshot>(session);
  const post = fetch(`${session}/clicks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      imageId: images[0]?.imageId,
      objectId: 'left-behind',
      points: [{ x: 5, y: 5, label: 1 }],
      clientRef: mark,
    }),
  });
  const cut = expect(post).rejects.toThrow();
  // It has given the click to Redis, and dies before it can do anything else.
  await link.heard;
  doomed.child.kill('SIGKILL');
  await doomed.ended;
  await cut;
  const redis = new Redis({ port: server.port, host: '127.0.0.1' });
  try {
    // The log itself is looked at: a request would make a gateway know of the session.
    const log = async () =>
      (await redis.xrange(`mw:{${sessionId}}:log`, '-', '+'))
        .map(([, fields]) => fields.join(' '))
        .filter((entry) => entry.includes('"objectId":"left-behind"'))
        .map((entry) => entry.split(' ')[1]);
    expect(await log()).toEqual(['click.accepted']);
    await expect
      .poll(log, { timeout: 50_000, interval: 200 })
      .toEqual(['click.accepted', 'segment.completed']);
  } finally {
    redis.disconnect();
  }
});

test('readiness follows Redis', async () => {
  await using server = await RedisServer.start();
  await using running = await gateway({ REDIS_URL: server.url });
  const readiness = async () => (await fetch(`${running.url}/readyz`)).json();
  const soon = { timeout: 20_000, interval: 100 };
  const ready = { status: 'ready', problems: [] };
  await expect.poll(readiness, soon).toEqual(ready);
  await server.stop();
  const problems = ['The storage cannot be reached.'];
  await expect.poll(readiness, soon).toEqual({ status: 'unavailable', problems });
  const refused = await fetch(`${running.url}/v1/sessions`, { method: 'POST' });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ code: 'storage_unavailable', retryable: true });
  await server.resume();
  await expect.poll(readiness, soon).toEqual(ready);
});

test('a Redis that is not there is one clear line, without its password', async () => {
  const REDIS_URL = `redis://:hush@127.0.0.1:${await freePort()}`;
  const { code, stderr } = await maskwire(['serve'], { env: { REDIS_URL, PORT: '0' } });
  expect(code).toBe(1);
  const line = stderr.trim().split('\n').at(-1);
  expect(line).toMatch(
    /^maskwire: Redis at redis:\/\/127\.0\.0\.1:\d+ does not answer: start Redis/,
  );
  expect(stderr).not.toContain('hush');
});

test('a folder that cannot be written is one clear line', async () => {
  await using server = await RedisServer.start();
  await using folder = await temporaryFolder();
  const file = folder.file('disc.png');
  await writeDisc(file);
  const env = { REDIS_URL: server.url, BLOB_DIR: `${file}/blobs`, PORT: '0' };
  await using running = background(['serve'], env);
  const line = await running.line(/^maskwire: BLOB_DIR/);
  expect(line).toMatch(/cannot be written .*: name a folder that this user owns/);
  expect((await running.ended).code).toBe(1);
});
