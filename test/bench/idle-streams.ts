import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { paths } from '../../src/protocol/routes.ts';
import type { Bench, Figure } from './support/figures.ts';
import { settledBytes, startGateway } from './support/gateway-process.ts';
import { openSession } from './support/session.ts';

const STREAMS = 5_000;
const SESSIONS = 500;
const WARM_UP = 200;
const AT_ONCE = 100;

/** Opens streams from this process and keeps them, one socket each. */
async function openStreams(
  url: string,
  path: (index: number) => string,
  count: number,
): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  for (let first = 0; first < count; first += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, async (_, offset) => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const head = `GET ${path(first + offset)} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n`;
      socket.write(`${head}Accept: text/event-stream\r\n\r\n`);
      await once(socket, 'data');
      socket.resume();
      return socket;
    });
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

/** Memory that stays after the streams are open, a stream. */
async function perStream(
  url: string,
  pid: number,
  path: (index: number) => string,
): Promise<number> {
  // Code that is compiled at the first stream is not memory of a stream.
  for (const socket of await openStreams(url, path, WARM_UP)) socket.destroy();
  const before = await settledBytes(pid);
  const sockets = await openStreams(url, path, STREAMS);
  const after = await settledBytes(pid);
  for (const socket of sockets) socket.destroy();
  return (after - before) / STREAMS / 1024;
}

async function peer(file: string): Promise<number> {
  const child = spawn(process.execPath, [`test/bench/peers/${file}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  try {
    return await perStream(line.toString().trim(), child.pid ?? 0, () => '/');
  } finally {
    child.kill();
  }
}

export const idleStreams: Bench = {
  name: 'idle streams',
  caution:
    'Resident memory includes what the collector has not given back yet, so it overstates; kernel buffers are not in it.',
  async run(): Promise<Figure[]> {
    await using gateway = await startGateway();
    const sessions: string[] = [];
    for (let index = 0; index < SESSIONS; index += 1) sessions.push(await openSession(gateway.url));
    const path = (index: number) => paths.events(sessions[index % SESSIONS] ?? '');
    const ours = await perStream(gateway.url, gateway.pid, path);
    const bare = await peer('bare-sse.ts');
    const hono = await peer('hono-sse.ts');
    return [
      {
        name: `memory an open idle stream, ${STREAMS} streams`,
        value: ours,
        unit: 'KB',
        target: { most: 16 },
      },
      { name: 'bare node:http', value: bare, unit: 'KB' },
      { name: 'hono streamSSE', value: hono, unit: 'KB' },
      { name: 'ratio to bare node:http', value: ours / bare, unit: 'x' },
      { name: 'ratio to hono streamSSE', value: ours / hono, unit: 'x' },
    ];
  },
};
