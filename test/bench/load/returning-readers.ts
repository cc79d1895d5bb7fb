/** The process whose readers return all at once: see {@link file://../returning-readers.ts}. */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { HEADERS, paths } from '../../../src/protocol/routes.ts';

export interface Return {
  readonly session: string;
  readonly url: string;
  /** Where it stood; without one it begins with the snapshot. */
  readonly from?: string | undefined;
  /** The id of the event with which it has everything; without one, any. */
  readonly until?: string | undefined;
}

export interface ReturnReport {
  /** From the first connection until each reader had its last event, in milliseconds. */
  readonly times: readonly number[];
  /** Streams that were ended before that, so that the reader had to come once more. */
  readonly again: number;
  /** Of this process. */
  readonly cpuMs: number;
}

/** Connections that are asked for before anything else is done. */
const AT_ONCE = 250;
/** Far beyond the target, so that a slow run is measured, too. */
const PATIENCE_MS = 60_000;
/** Of a connection that was lost before `retry:` was heard. */
const RETRY_MS = 1_000;

const ID = /^id: (\S+)$/gm;
const RETRY = /^retry: (\d+)$/m;
/** The last chunk of an answer: the server has ended the stream and keeps the connection. */
const END = '\r\n0\r\n\r\n';

/** One reader, as `EventSource` does it: a stream that ends is opened again from the last id. */
class Returning {
  readonly caughtUp: Promise<number>;
  again = 0;
  readonly #reader: Return;
  readonly #resolve: (at: number) => void;
  #from: string | undefined;
  #socket: Socket | undefined;
  #retryMs = RETRY_MS;
  #done = false;

  constructor(reader: Return) {
    this.#reader = reader;
    this.#from = reader.from;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.caughtUp = promise;
    this.#resolve = resolve;
  }

  open(): void {
    const { url, session } = this.#reader;
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname).setNoDelay(true);
    this.#socket = socket;
    const position = this.#from === undefined ? '' : `${HEADERS.lastEventId}: ${this.#from}\r\n`;
    const head = `GET ${paths.events(session)} HTTP/1.1\r\nhost: ${host}\r\n`;
    socket.write(`${head}accept: text/event-stream\r\n${position}\r\n`);
    let rest = '';
    socket.on('data', (bytes: Buffer) => {
      if (this.#done) return;
      const lines = rest + bytes.toString('latin1');
      // Lines of ids are whole; what follows the last line feed is looked at again.
      const end = lines.lastIndexOf('\n') + 1;
      rest = lines.slice(Math.max(end, lines.length - 100));
      for (const [, id] of lines.slice(0, end).matchAll(ID)) this.#at(id ?? '');
      this.#retryMs = Number(RETRY.exec(lines)?.[1] ?? this.#retryMs);
      if (lines.endsWith(END)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.#done) return;
      this.again += 1;
      setTimeout(() => this.open(), this.#retryMs);
    });
  }

  close(): void {
    this.#done = true;
    this.#socket?.destroy();
  }

  #at(id: string): void {
    this.#from = id;
    if (this.#reader.until !== undefined && id !== this.#reader.until) return;
    this.#done = true;
    this.#resolve(performance.now());
  }
}

let open: Returning[] = [];

async function carryOut(readers: readonly Return[]): Promise<ReturnReport> {
  for (const reader of open) reader.close();
  open = readers.map((reader) => new Returning(reader));
  const late = setTimeout(() => {
    throw new Error('readers have not caught up');
  }, PATIENCE_MS);
  const startedAt = performance.now();
  for (const [index, reader] of open.entries()) {
    reader.open();
    // Otherwise what arrives meanwhile is not looked at before the last connection was asked for.
    if (index % AT_ONCE === AT_ONCE - 1) await new Promise(setImmediate);
  }
  const times = await Promise.all(open.map(({ caughtUp }) => caughtUp));
  clearTimeout(late);
  const cpu = process.cpuUsage();
  return {
    times: times.map((at) => at - startedAt),
    again: open.reduce((sum, { again }) => sum + again, 0),
    cpuMs: (cpu.user + cpu.system) / 1_000,
  };
}

process.on('message', (readers: readonly Return[]) => {
  void carryOut(readers).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit());
