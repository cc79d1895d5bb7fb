/** A TCP proxy that spoils what passes through it, after toxiproxy's toxics; switchable at run time. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Random } from '../../src/ports/system.ts';

export interface LinkFaults {
  /** Every piece arrives this much later, in both directions, and at random up to `jitterMs` more. */
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Pieces are cut into ones of at most this many bytes, each written by itself. */
  readonly sliceBytes?: number;
  /** Nothing gets through and nothing is closed; what came meanwhile passes when this ends. */
  readonly blackHole?: boolean;
  /** The same for connections from this address only. */
  readonly blackHoleFrom?: string;
}

export class FaultProxy implements AsyncDisposable {
  readonly #target: number;
  readonly #random: Random;
  readonly #server;
  readonly #sockets = new Set<Socket>();
  readonly #pipes = new Set<Pipe>();
  #faults: LinkFaults = {};
  #accepted = 0;

  private constructor(target: number, random: Random) {
    this.#target = target;
    this.#random = random;
    this.#server = createServer((client) => this.#join(client));
  }

  /** Listens on a free loopback port and passes everything on to `target`, a loopback port too. */
  static async open(target: number, random: Random): Promise<FaultProxy> {
    const proxy = new FaultProxy(target, random);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that were made so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Holds for what arrives from now on. */
  set(faults: LinkFaults): void {
    this.#faults = faults;
    for (const pipe of this.#pipes) pipe.wake();
  }

  /** Ends every connection at once, as a router does that lost its memory. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket): void {
    this.#accepted += 1;
    const server = connect({ host: '127.0.0.1', port: this.#target, noDelay: true });
    client.setNoDelay(true);
    const source = client.remoteAddress;
    const faults = () => ({
      ...this.#faults,
      blackHole: this.#faults.blackHole || this.#faults.blackHoleFrom === source,
    });
    this.#carry(client, server, faults);
    this.#carry(server, client, faults);
  }

  #carry(from: Socket, to: Socket, faults: () => LinkFaults): void {
    const pipe = new Pipe(to, faults, this.#random);
    this.#sockets.add(from);
    this.#pipes.add(pipe);
    from.on('data', (bytes) => pipe.push(bytes as Buffer));
    from.on('end', () => pipe.push(undefined));
    // An error is followed by the close, which is passed on.
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      this.#pipes.delete(pipe);
      if (from.errored === null) pipe.push(undefined);
      else to.resetAndDestroy();
    });
  }
}

/** One direction of a connection: pieces in order, each no earlier than it is due. */
class Pipe {
  readonly #to: Socket;
  readonly #faults: () => LinkFaults;
  readonly #random: Random;
  /** `undefined` is the end. */
  readonly #queue: { readonly piece: Buffer | undefined; readonly dueAt: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(to: Socket, faults: () => LinkFaults, random: Random) {
    this.#to = to;
    this.#faults = faults;
    this.#random = random;
  }

  push(bytes: Buffer | undefined): void {
    const { latencyMs = 0, jitterMs = 0, sliceBytes } = this.#faults();
    const dueAt = performance.now() + latencyMs + jitterMs * this.#random.uniform();
    for (const piece of slices(bytes, sliceBytes)) this.#queue.push({ piece, dueAt });
    this.wake();
  }

  /** Writes what is due, and comes back for the rest. */
  wake(): void {
    clearTimeout(this.#timer);
    while (this.#faults().blackHole !== true) {
      const next = this.#queue[0];
      if (next === undefined) return;
      const wait = next.dueAt - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.wake(), Math.ceil(wait));
        return;
      }
      this.#queue.shift();
      if (next.piece !== undefined) this.#to.write(next.piece);
      else this.#to.end();
    }
  }
}

function* slices(bytes: Buffer | undefined, size: number | undefined) {
  if (bytes === undefined || size === undefined) {
    yield bytes;
    return;
  }
  for (let start = 0; start < bytes.length; start += size) {
    yield bytes.subarray(start, start + size);
  }
}
