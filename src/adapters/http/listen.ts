import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { problemBody } from '../../core/problem.ts';
import { expectContinue, sendPlain } from './early-answer.ts';
import type { HttpFace } from './face.ts';
import type { Incoming, Outgoing } from './node-http.ts';
import { plainProblem } from './problem-answer.ts';
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
  /**
   * Takes no new connection, lets requests under way end for `graceMs` at most, then cuts what is
   * left. May be called again; the first call counts.
   */
  close(graceMs: number): Promise<void>;
}

/** Listens with limits that a stranger cannot hold connections beyond. */
export async function listen({ face, host, port }: ListenOptions): Promise<Listening> {
  let closing: Promise<void> | undefined;
  const server = createServer(SERVER_OPTIONS, (incoming, outgoing) => {
    // While closing, a connection is of no use beyond its present answer.
    if (closing !== undefined) outgoing.setHeader('Connection', 'close');
    outgoing.once('close', () => {
      if (closing !== undefined) setImmediate(() => server.closeIdleConnections());
    });
    face.listener(incoming, outgoing);
  });
  server.on('checkContinue', (incoming: Incoming, outgoing: Outgoing) => {
    expectContinue(incoming);
    server.emit('request', incoming, outgoing);
  });
  server.on('checkExpectation', (incoming: Incoming, outgoing: Outgoing) => {
    const detail = 'No expectation but 100-continue is met.';
    const problem = { ...problemBody('invalid_request', detail), status: 417 };
    sendPlain(incoming, outgoing, plainProblem(problem, 417), face.clock);
  });
  server.on('clientError', (error, socket) => answerRawError(error, socket, face.random));
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  const close = (graceMs: number) => {
    closing ??= shutDown(server, face, graceMs);
    return closing;
  };
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    close,
    [Symbol.asyncDispose]: () => close(0),
  };
}

async function shutDown(server: Server, { clock }: HttpFace, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  if (graceMs <= 0) server.closeAllConnections();
  const timer = clock.after(graceMs, () => server.closeAllConnections());
  await closed;
  timer.cancel();
}
