/** Two gateways on one Redis, with two feature servers of which one is killed and started again. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { rankServers, serverNamed } from '../../src/core/affinity.ts';
import { serverId } from '../../src/core/ids.ts';
import { StubProcess } from '../chaos/stub-process.ts';
import { freePort, RedisServer } from '../redis/redis-server.ts';
import { DISC, gateway, temporaryFolder, writeDisc } from './harness.ts';

interface Click {
  readonly sessionId: string;
  readonly clickId: string;
  readonly status: string;
}

const MASKED = new Set(['completed']);
const ENDED = new Set(['completed', 'failed']);

/** One that answers 409 for embeddings that it does not have; with a port to which it can come back. */
const featureServer = (port: number) =>
  StubProcess.start({ seed: port, concurrency: 1, serviceMs: 40, faultRate: 0, port });

async function json<Body>(url: string, body?: object): Promise<Body> {
  const headers = { 'content-type': 'application/json' };
  const init = body && { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(url, init);
  expect(response.ok, `${url}: ${response.status}`).toBe(true);
  return (await response.json()) as Body;
}

/** Calls of a kind that a server has answered, over the gateways. */
async function answered(gateways: readonly string[], kind: string, server: string) {
  let sum = 0;
  for (const url of gateways) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const name = `maskwire_feature_call_duration_seconds_count{kind="${kind}",outcome="ok",server="${server}"}`;
    const line = text.split('\n').find((each) => each.startsWith(name));
    sum += Number(line?.slice(name.length) ?? 0);
  }
  return sum;
}

test('B5 a server that is killed hands its images on, and gets them back with one encoding for all gateways', async () => {
  await using redis = await RedisServer.start();
  await using folder = await temporaryFolder();
  const file = folder.file('disc.png');
  await writeDisc(file);
  const ports = [await freePort(), await freePort()];
  const addresses = ports.map((port) => `http://127.0.0.1:${port}`);
  const ids = addresses.map(serverNamed);
  await using stack = new AsyncDisposableStack();
  const servers = new Map<string, StubProcess>();
  for (const [n, port] of ports.entries()) {
    servers.set(ids[n] ?? '', stack.use(await featureServer(port)));
  }
  const env = {
    REDIS_URL: redis.url,
    FEATURE_SERVER_URL: addresses.join(', '),
    FEATURE_CONCURRENCY: '4',
  };
  await using one = await gateway(env);
  await using two = await gateway(env);
  const gateways = [one.url, two.url] as const;

  const form = new FormData();
  form.set('request', JSON.stringify({ points: [{ x: DISC.x, y: DISC.y, label: 1 }] }));
  form.set('image', new Blob([await readFile(file)]), 'disc.png');
  const first = await fetch(`${one.url}/v1/segment`, { method: 'POST', body: form });
  const { sessionId, status } = (await first.json()) as Click;
  expect(status).toBe('completed');
  const session = `/v1/sessions/${sessionId}`;
  const { images } = await json<{ images: { imageId: string }[] }>(`${one.url}${session}`);
  const imageId = images[0]?.imageId ?? '';
  const [home = '', next = ''] = rankServers(imageId, ids);
  expect(await answered(gateways, 'encode', home)).toBe(1);
  expect(await answered(gateways, 'encode', next)).toBe(0);

  let clicks = 0;
  /** So many at once, each of its own prompt, by turns on both gateways; how they have ended. */
  const click = async (count: number) => {
    const posts = Array.from({ length: count }, async (_, n) => {
      clicks += 1;
      const at = { x: 2 + (clicks % 150), y: 2 + Math.floor(clicks / 150), label: 1 };
      const body = { imageId, objectId: `object-${n % 8}`, points: [at] };
      const clicked = await json<Click>(`${gateways[n % 2]}${session}/clicks`, body);
      const state = `${gateways[n % 2]}${session}/clicks/${clicked.clickId}?wait=20`;
      return (await json<Click>(state)).status;
    });
    return await Promise.all(posts);
  };

  const underWay = click(8);
  await servers.get(home)?.kill();
  // All end; the budget allows for one retry, which is what the call under way needs.
  const endings = await underWay;
  expect(endings.filter((ending) => ending === 'completed').length).toBeGreaterThanOrEqual(7);
  expect(endings.every((ending) => ENDED.has(ending))).toBe(true);
  expect(new Set(await click(8))).toEqual(MASKED);
  expect(await answered(gateways, 'encode', next)).toBe(1);
  const problems = [`Feature server ${home} does not answer.`];
  for (const url of gateways) {
    const readiness = async () => (await fetch(`${url}/readyz`)).json();
    await expect.poll(readiness).toEqual({ status: 'degraded', problems });
  }

  stack.use(await featureServer(ports[ids.indexOf(serverId(home))] ?? 0));
  const before = await answered(gateways, 'segment', home);
  const back = async () => {
    expect(new Set(await click(4))).toEqual(MASKED);
    return await answered(gateways, 'segment', home);
  };
  await expect.poll(back, { timeout: 30_000, interval: 200 }).toBeGreaterThan(before);
  expect(new Set(await click(8))).toEqual(MASKED);
  expect(await answered(gateways, 'encode', home)).toBe(2);
  expect(await answered(gateways, 'encode', next)).toBe(1);
  for (const url of gateways) {
    const readiness = async () => (await fetch(`${url}/readyz`)).json();
    await expect.poll(readiness).toEqual({ status: 'ready', problems: [] });
  }
});
