import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { background, DISC, gateway, temporaryFolder, writeDisc } from './harness.ts';

/** Processes come and go within this; a loaded machine takes its time. */
const SOON = { timeout: 10_000, interval: 50 };

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Process ids of the children of a process. */
async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

async function segment(url: string, file: string): Promise<Response> {
  const form = new FormData();
  form.set('request', JSON.stringify({ points: [{ x: DISC.x, y: DISC.y, label: 1 }] }));
  form.set('image', new Blob([await readFile(file)]), 'disc.png');
  return await fetch(`${url}/v1/segment`, { method: 'POST', body: form });
}

test('A32 serve says where it listens, what is embedded and what a restart loses', async () => {
  await using running = await gateway();
  expect(running.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const embedded = await running.line(/^Embedded: /);
  expect(embedded).toMatch(/the feature server .*storage in memory/);
  expect(await running.line(/^A restart forgets /)).toContain('sessions');
  const readiness = async () => (await fetch(`${running.url}/readyz`)).json();
  await expect.poll(readiness, SOON).toEqual({ status: 'ready', problems: [] });
  const metrics = await (await fetch(`${running.url}/metrics`)).text();
  expect(metrics).toMatch(/^maskwire_streams_open 0$/m);
  expect(metrics).toMatch(/^# TYPE maskwire_segment_duration_seconds histogram$/m);
});

test('SIGTERM stops gateway and feature server, and tells readers when to come back', async () => {
  await using running = await gateway();
  const [child = 0] = await childrenOf(running.child.pid);
  expect(alive(child)).toBe(true);
  const created = await fetch(`${running.url}/v1/sessions`, { method: 'POST' });
  const { links } = (await created.json()) as { links: { events: string } };
  const stream = await fetch(new URL(links.events, running.url));
  const text = stream.text();
  running.child.kill('SIGTERM');
  expect(await text).toMatch(/event: stream\.draining\ndata: .*reconnectInMs/);
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect(alive(child)).toBe(false);
});

test('kill -9 of the gateway leaves no feature server behind', async () => {
  await using running = await gateway();
  const [child = 0] = await childrenOf(running.child.pid);
  expect(alive(child)).toBe(true);
  running.child.kill('SIGKILL');
  await running.ended;
  await expect.poll(() => alive(child), SOON).toBe(false);
});

test('a feature server that dies is replaced, and clicks meanwhile wait for it', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('disc.png');
  await writeDisc(file);
  await using running = await gateway();
  const [first = 0] = await childrenOf(running.child.pid);
  process.kill(first, 'SIGKILL');
  const response = await segment(running.url, file);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: 'completed' });
  const [second = 0] = await childrenOf(running.child.pid);
  expect(second).not.toBe(first);
  expect(await running.line(/it is started again/)).toContain('"SIGKILL"');
});

test('B1 serve uses a feature server elsewhere, with its token', async () => {
  await using folder = await temporaryFolder();
  const file = folder.file('disc.png');
  await writeDisc(file);
  const FEATURE_SERVER_TOKEN = createHash('sha256').update(file).digest('hex');
  await using server = background(['feature-server', '--port', '0', '--workers', '1'], {
    FEATURE_SERVER_TOKEN,
  });
  const line = await server.line(/^The feature server is listening on /);
  const FEATURE_SERVER_URL = line.slice(line.lastIndexOf(' ') + 1);
  expect((await fetch(`${FEATURE_SERVER_URL}/v1/info`)).status).toBe(401);
  await using running = await gateway({ FEATURE_SERVER_URL, FEATURE_SERVER_TOKEN });
  expect(await childrenOf(running.child.pid)).toEqual([]);
  expect((await segment(running.url, file)).status).toBe(200);
  expect(running.lines.join('\n')).not.toContain(FEATURE_SERVER_TOKEN);
  server.child.kill('SIGINT');
  expect(await server.ended).toEqual({ code: 0, signal: null });
});

test('a feature server that refuses the token keeps the gateway unready, and says why', async () => {
  await using server = background(['feature-server', '--port', '0', '--workers', '1'], {
    FEATURE_SERVER_TOKEN: 'right',
  });
  const line = await server.line(/^The feature server is listening on /);
  await using running = await gateway({
    FEATURE_SERVER_URL: line.slice(line.lastIndexOf(' ') + 1),
    FEATURE_SERVER_TOKEN: 'wrong',
  });
  expect(await running.line(/does not answer/)).toContain('does not accept this gateway');
  expect((await fetch(`${running.url}/readyz`)).status).toBe(503);
});

test('A5 A33 serve limits what it is told to, and says so in its metrics', async () => {
  await using running = await gateway({ MASKWIRE_RATE_LIMIT: '0.01:2' });
  const open = async () => await fetch(`${running.url}/v1/sessions`, { method: 'POST' });
  const answers = [await open(), await open(), await open()];
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 429]);
  expect(answers[2]?.headers.get('ratelimit-policy')).toMatch(/^"opening";q=2;w=200, /);
  const metrics = await (await fetch(`${running.url}/metrics`)).text();
  expect(metrics).toMatch(/^maskwire_requests_rate_limited_total\{policy="opening"\} 1$/m);
});
