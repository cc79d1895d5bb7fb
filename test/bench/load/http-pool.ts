import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** Told once of each answer. */
export type OnAnswer = (status: number, body: string) => void;

interface Waiting {
  readonly text: string;
  readonly onAnswer: OnAnswer;
}

const LENGTH = /\r\ncontent-length: (\d+)/i;

/**
 * Requests over connections that are kept, one at a time on each. Reads of an answer what a load
 * generator needs, since that shares the processor with what it measures: the status, and as much of
 * the body as `content-length` says.
 */
export class HttpPool implements Disposable {
  readonly #hostname: string;
  readonly #port: number;
  readonly #most: number;
  readonly #all = new Set<Connection>();
  readonly #free: Connection[] = [];
  readonly #queue: Waiting[] = [];
  readonly #onFailure: (error: Error) => void;

  constructor(url: string, most: number, onFailure: (error: Error) => void) {
    const { hostname, port } = new URL(url);
    this.#hostname = hostname;
    this.#port = Number(port);
    this.#most = most;
    this.#onFailure = onFailure;
  }

  /** `body` is ASCII. Waits for a connection when all are in use. */
  send(method: 'POST' | 'DELETE', path: string, body: string, onAnswer: OnAnswer): void {
    const host = `${this.#hostname}:${this.#port}`;
    const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n`;
    const text = `${head}content-length: ${body.length}\r\n\r\n${body}`;
    const connection = this.#free.pop() ?? this.#open();
    if (connection === undefined) this.#queue.push({ text, onAnswer });
    else connection.send(text, onAnswer);
  }

  /** Ends the connections, none of which may be in use: a server would, after some idle seconds. */
  rest(): void {
    for (const connection of this.#all) connection.destroy();
    this.#all.clear();
    this.#free.length = 0;
  }

  [Symbol.dispose](): void {
    this.rest();
  }

  #open(): Connection | undefined {
    if (this.#all.size >= this.#most) return undefined;
    const socket = connect(this.#port, this.#hostname).setNoDelay(true).setEncoding('latin1');
    const connection = new Connection(socket, () => this.#next(connection), this.#onFailure);
    this.#all.add(connection);
    socket.on('close', () => this.#forget(connection));
    return connection;
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
  }

  #next(connection: Connection): void {
    const waiting = this.#queue.shift();
    if (waiting === undefined) this.#free.push(connection);
    else connection.send(waiting.text, waiting.onAnswer);
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #onFree: () => void;
  #text = '';
  #onAnswer: OnAnswer | undefined;

  constructor(socket: Socket, onFree: () => void, onFailure: (error: Error) => void) {
    this.#socket = socket;
    this.#onFree = onFree;
    socket.on('data', (piece) => this.#read(piece.toString()));
    socket.on('error', onFailure);
    socket.on('close', () => {
      if (this.#onAnswer !== undefined) onFailure(new Error('a request got no answer'));
    });
  }

  send(text: string, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(text, 'latin1');
  }

  destroy(): void {
    this.#onAnswer = undefined;
    this.#socket.destroy();
  }

  #read(piece: string): void {
    this.#text += piece;
    const body = this.#text.indexOf('\r\n\r\n') + 4;
    if (body === 3) return;
    const length = Number(LENGTH.exec(this.#text.slice(0, body))?.[1] ?? 0);
    if (this.#text.length < body + length) return;
    const answer = this.#text;
    const onAnswer = this.#onAnswer;
    this.#text = '';
    this.#onAnswer = undefined;
    this.#onFree();
    onAnswer?.(Number(answer.slice(9, 12)), answer.slice(body, body + length));
  }
}
