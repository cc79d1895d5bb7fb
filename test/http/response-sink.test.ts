import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ResponseSink } from '../../src/adapters/http/stream/response-sink.ts';
import { within } from '../support/http-within.ts';

const MEBIBYTE = new Uint8Array(1024 * 1024).fill(0x61);

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A reader that reads nothing until it is told to, and the sink that leads to it. */
async function openSink(
  endingMs?: number,
): Promise<{ sink: ResponseSink; peer: Socket; outgoing: ServerResponse }> {
  const opened = Promise.withResolvers<{ sink: ResponseSink; outgoing: ServerResponse }>();
  const server = createServer((incoming, outgoing) => {
    outgoing.writeHead(200);
    outgoing.flushHeaders();
    opened.resolve({ sink: new ResponseSink(incoming, outgoing, endingMs), outgoing });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  peer.on('error', () => {});
  peer.pause();
  peer.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  cleanups.push(() => {
    peer.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { ...(await within(opened.promise, 'the request arrives')), peer };
}

/** Writes until the network takes no more. */
async function fill(sink: ResponseSink): Promise<void> {
  while (sink.backlog === 0) {
    sink.write(MEBIBYTE);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('A27 the sink of a stream', () => {
  it('A27 what the network does not take is the backlog', async () => {
    const { sink } = await openSink();

    await fill(sink);

    expect(sink.backlog).toBeGreaterThan(0);
    expect(sink.taken).toBeGreaterThan(0);
  });

  it('A27 `taken` moves within one large write while the peer reads', async () => {
    const { sink, peer } = await openSink();
    await fill(sink);
    sink.write(new Uint8Array(16 * MEBIBYTE.length));
    const seen = new Set<number>();
    const written = sink.taken + sink.backlog;

    peer.on('data', () => {
      if (sink.backlog > 0) seen.add(sink.taken);
    });
    const drained = new Promise<void>((resolve) => sink.onDrain(resolve));
    peer.resume();
    await within(drained, 'the backlog empties');

    // Whole writes alone would show two values until the end.
    expect(seen.size).toBeGreaterThan(2);
    expect(sink.backlog).toBe(0);
    expect(sink.taken).toBeLessThanOrEqual(written);
  });

  it('A27 the listener is told each time that the backlog is empty', async () => {
    const { sink, peer } = await openSink();
    peer.resume();
    let drained = 0;

    for (let i = 0; i < 3; i++) {
      const next = new Promise<void>((resolve) =>
        sink.onDrain(() => {
          drained += 1;
          resolve();
        }),
      );
      sink.write(new Uint8Array(10));
      await within(next, 'the backlog empties');
    }

    expect(drained).toBe(3);
  });

  it('A8 a peer that leaves is noticed once, and writes to it are ignored', async () => {
    const { sink, peer } = await openSink();
    let closed = 0;
    const gone = new Promise<void>((resolve) =>
      sink.onClose(() => {
        closed += 1;
        resolve();
      }),
    );

    peer.destroy();
    await within(gone, 'the sink notices');
    sink.write(MEBIBYTE);
    sink.end();
    sink.destroy();
    await new Promise((resolve) => setImmediate(resolve));

    expect(closed).toBe(1);
  });

  it('A8 a listener that comes too late is told too, but not before it is in place', async () => {
    const { sink, peer, outgoing } = await openSink();
    const gone = once(outgoing, 'close');
    peer.destroy();
    await within(gone, 'the response closes');

    let inPlace = false;
    const told = new Promise<boolean>((resolve) => sink.onClose(() => resolve(inPlace)));
    inPlace = true;

    expect(await within(told, 'the listener is told')).toBe(true);
  });

  it('A25 `end` sends what was written, and is no loss of the peer', async () => {
    const { sink, peer } = await openSink();
    let lost = false;
    sink.onClose(() => {
      lost = true;
    });
    let text = '';
    peer.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });

    sink.write(new TextEncoder().encode('last words'));
    sink.end();
    sink.write(new TextEncoder().encode('too late'));
    peer.resume();
    await within(once(peer, 'data'), 'the peer reads');
    while (!text.endsWith('0\r\n\r\n')) await within(once(peer, 'data'), 'the last chunk');

    expect(text).toContain('last words');
    expect(text).not.toContain('too late');
    expect(lost).toBe(false);
  });

  it('A27 an ended stream does not wait for ever for a peer that takes nothing', async () => {
    const { sink, outgoing } = await openSink(50);
    await fill(sink);
    const closed = once(outgoing, 'close');

    sink.end();

    await within(closed, 'the response closes');
    expect(outgoing.writableFinished).toBe(false);
  });
});
