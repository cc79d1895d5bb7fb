import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { createParser } from 'eventsource-parser';
import { paths } from '../../../src/protocol/routes.ts';

export interface ArrivedFrame {
  readonly event: string;
  /** `performance.now()` when the bytes came out of curl. */
  readonly at: number;
  readonly data: { readonly payload: Record<string, unknown> };
}

/** A real `curl -N` on a session's stream; what it prints is parsed as it comes. */
export class CurlReader implements Disposable {
  readonly #child;
  readonly #frames = new EventEmitter().setMaxListeners(0);

  constructor(url: string, session: string) {
    this.#child = spawn('curl', ['-sN', `${url}${paths.events(session)}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const parser = createParser({
      onEvent: ({ event, data }) => {
        const frame = { event: event ?? '', at: performance.now(), data: JSON.parse(data) };
        this.#frames.emit('frame', frame);
      },
    });
    this.#child.stdout.on('data', (bytes: Buffer) => parser.feed(bytes.toString('utf8')));
  }

  /** The next frame that fits, within half a minute. */
  next(fits: (frame: ArrivedFrame) => boolean): Promise<ArrivedFrame> {
    const { promise, resolve, reject } = Promise.withResolvers<ArrivedFrame>();
    // Several frames come in one piece, so all are looked at as they are parsed.
    const look = (frame: ArrivedFrame) => {
      if (fits(frame)) resolve(frame);
    };
    this.#frames.on('frame', look);
    const timer = setTimeout(() => reject(new Error('no such frame came')), 30_000);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#frames.off('frame', look);
    });
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}
