/** How a gateway ends that is asked to, whatever hangs on it. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { FeatureServerInfo } from '../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../src/protocol/feature-server.ts';
import { paths } from '../../src/protocol/routes.ts';
import { within } from '../contract/support.ts';
import { gateway, temporaryFolder, writeDisc } from './harness.ts';

/** Ten seconds are promised; these machines stand still at times. */
const STOP_MS = 20_000;

const INFO: FeatureServerInfo = {
  name: 'hanging',
  version: '1',
  models: ['hanging'],
  concurrency: 1,
  encode: false,
  cancellable: true,
  maxImageBytes: 5 * 1024 * 1024,
};

/** A feature server that takes calls and answers none. */
async function hangingServer() {
  const called = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    if (request.url === FEATURE_ROUTES.segment) called.resolve();
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(INFO));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    called: called.promise,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A connection on which so much is sent, and from which nothing is read. */
async function rawConnection(url: string, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write(text);
  return socket;
}

const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');

async function post(url: string, contentType: string, body: string | Uint8Array<ArrayBuffer>) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
  });
  return (await response.json()) as Readonly<Record<string, string>>;
}

test('A25 SIGTERM ends a gateway in time, whatever hangs on it', async () => {
  await using features = await hangingServer();
  await using folder = await temporaryFolder();
  const file = folder.file('disc.png');
  await writeDisc(file);
  await using running = await gateway({ FEATURE_SERVER_URL: features.url });
  const { url } = running;
  const { sessionId = '' } = await post(`${url}${paths.sessions}`, 'application/json', '{}');
  const bytes = new Uint8Array(await readFile(file));
  const { imageId } = await post(`${url}${paths.images(sessionId)}`, 'image/png', bytes);
  const body = JSON.stringify({ imageId, points: [{ x: 5, y: 5, label: 1 }] });
  const click = await post(`${url}${paths.clicks(sessionId)}`, 'application/json', body);
  await within('the call to arrive', features.called);

  const sockets = await Promise.all([
    // A reader that takes nothing, a connection that is kept alive, one that never asked anything.
    rawConnection(url, head(`GET ${paths.events(sessionId)}`)),
    rawConnection(url, head('GET /healthz')),
    rawConnection(url, ''),
    // An upload that never ends.
    rawConnection(
      url,
      `${head(`POST ${paths.images(sessionId)}`, 'Content-Type: image/png', 'Content-Length: 1000')}1`,
    ),
  ]);
  const events = `${url}${paths.events(sessionId)}`;
  const reader = (await fetch(events)).text();
  const poll = fetch(`${events}?after=${click['cursor']}&wait=30`, {
    headers: { accept: 'application/json' },
  });
  const wait = fetch(`${url}${paths.click(sessionId, click['clickId'] ?? '')}?wait=30`);
  const status = async () => (await fetch(`${url}/readyz`)).status;
  running.child.kill('SIGTERM');
  await expect.poll(status, { timeout: STOP_MS, interval: 20 }).toBe(503);
  expect(await within('the end', running.ended, STOP_MS)).toEqual({ code: 0, signal: null });
  expect(await reader).toMatch(/event: stream\.draining\ndata: .*reconnectInMs/);
  expect(await (await poll).json()).toMatchObject({ events: [] });
  expect(await (await wait).json()).toMatchObject({ status: 'running' });
  for (const socket of sockets) socket.destroy();
});
