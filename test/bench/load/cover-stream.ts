import { connect } from 'node:net';
import { paths } from '../../../src/protocol/routes.ts';

const COVERS = '"covers":[';
const FAILED = 'event: segment.failed';

/**
 * One session's stream, of which only the ids of the clicks are read that an answer covers: parsing
 * the masks would cost more than making them.
 */
export class CoverStream implements Disposable {
  readonly #socket;
  readonly #onCover: (clickId: string) => void;
  readonly #onFailure: (error: Error) => void;
  #text = '';
  #closing = false;

  private constructor(
    url: string,
    session: string,
    onCover: (clickId: string) => void,
    onFailure: (error: Error) => void,
  ) {
    const { hostname, port, host } = new URL(url);
    this.#onCover = onCover;
    this.#onFailure = onFailure;
    this.#socket = connect(Number(port), hostname).setEncoding('latin1');
    this.#socket.write(
      `GET ${paths.events(session)} HTTP/1.1\r\nhost: ${host}\r\naccept: text/event-stream\r\n\r\n`,
    );
    this.#socket.on('error', onFailure);
    this.#socket.on('close', () => {
      if (!this.#closing) onFailure(new Error(`the stream of ${session} was closed`));
    });
  }

  /** Resolves when the stream has begun. */
  static async open(
    url: string,
    session: string,
    onCover: (clickId: string) => void,
    onFailure: (error: Error) => void,
  ): Promise<CoverStream> {
    const stream = new CoverStream(url, session, onCover, onFailure);
    const { promise, resolve } = Promise.withResolvers<void>();
    stream.#socket.on('data', (piece) => {
      resolve();
      stream.#read(piece.toString());
    });
    await promise;
    return stream;
  }

  [Symbol.dispose](): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #read(piece: string): void {
    const text = this.#text + piece;
    if (piece.includes(FAILED)) this.#onFailure(new Error('a click ended with segment.failed'));
    let from = 0;
    for (;;) {
      const at = text.indexOf(COVERS, from);
      if (at === -1) {
        // The word itself may be cut.
        this.#text = text.slice(Math.max(from, text.length - COVERS.length));
        return;
      }
      const end = text.indexOf(']', at);
      if (end === -1) {
        this.#text = text.slice(at);
        return;
      }
      from = end;
      const ids = text.slice(at + COVERS.length, end);
      if (ids !== '') for (const id of ids.split(',')) this.#onCover(id.slice(1, -1));
    }
  }
}
