import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Timer } from '../../ports/system.ts';
import { expectContinue } from './early-answer.ts';
import type { HttpFace } from './face.ts';
import type { Incoming, Outgoing } from './node-http.ts';
import { answerRawError } from './raw-errors.ts';

/** Bounds of a connection; Node's defaults let a silent one live for minutes. */
const SERVER_OPTIONS = {
  /** Cookies of other services on the same host included. */
  maxHeaderSize: 16 * 1024,
  /** Slow headers (slowloris). */
  headersTimeout: 10_000,
  /** Three files of 5 MiB over a line of 1 Mbit/s. Streams are answers, which it does not bound. */
  requestTimeout: 150_000,
  /** How often both are looked at. */
  connectionsCheckingInterval: 1_000,
  /** Longer than the 60 s of common proxies, so that it is them who close (no 502 in a race). */
  keepAliveTimeout: 65_000,
  requireHostHeader: false,
} as const;

/**
 * Connections that may wait until the event loop takes them; the system may allow fewer. Thousands of
 * readers that were cut together come back together, and who finds no room tries again after seconds.
 */
const BACKLOG = 4_096;

/** How often a stopping server looks for connections that have become idle. */
const CLOSE_IDLE_MS = 50;

export interface ListenOptions {
  readonly face: HttpFace;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A gateway that listens. */
export interface Listening extends AsyncDisposable {
  /** Its base address, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** From now on answers ask their callers to connect anew, which will find somebody else. */
  retire(): void;
  /**
   * Takes no new connection, lets requests under way end for `graceMs` at most, then cuts what is
   * left. May be called again; the first call counts.
   */
  close(graceMs: number): Promise<void>;
}

/** Listens with limits that a stranger cannot hold connections beyond. */
export async function listen({ face, host, port }: ListenOptions): Promise<Listening> {
  let closing: Promise<void> | undefined;
  let retired = false;
  const silent = new Set<Socket>();
  const server = createServer(SERVER_OPTIONS, (incoming, outgoing) => {
    silent.delete(incoming.socket);
    if (retired) outgoing.setHeader('Connection', 'close');
    face.listener(incoming, outgoing);
  });
  server.on('checkContinue', (incoming: Incoming, outgoing: Outgoing) => {
    expectContinue(incoming);
    server.emit('request', incoming, outgoing);
  });
  // Any other expectation may be ignored (RFC 9110, 10.1.1); Node's own 417 would have no problem body.
  server.on('checkExpectation', (incoming: Incoming, outgoing: Outgoing) => {
    server.emit('request', incoming, outgoing);
  });
  // One function for all: a closure a connection would be kept as long as it is open.
  function forget(this: Socket): void {
    silent.delete(this);
  }
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.on('close', forget);
  });
  server.on('clientError', (error, socket) => answerRawError(error, socket, face.random));
  server.listen({ port, host, backlog: BACKLOG });
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  const retire = () => {
    retired = true;
  };
  const close = (graceMs: number) => {
    retire();
    closing ??= shutDown(server, silent, face, graceMs);
    return closing;
  };
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    retire,
    close,
    [Symbol.asyncDispose]: () => close(0),
  };
}

/** @param silent connections that never sent a request, which Node does not count as idle */
async function shutDown(
  server: Server,
  silent: Iterable<Socket>,
  { clock }: HttpFace,
  graceMs: number,
): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of silent) socket.destroy();
  if (graceMs <= 0) server.closeAllConnections();
  const deadline = clock.after(graceMs, () => server.closeAllConnections());
  // What was busy at first becomes idle later, and then only waits for requests that nobody may send.
  let sweep: Timer | undefined;
  const closeIdle = () => {
    server.closeIdleConnections();
    sweep = clock.after(CLOSE_IDLE_MS, closeIdle);
  };
  closeIdle();
  await closed;
  deadline.cancel();
  sweep?.cancel();
}
