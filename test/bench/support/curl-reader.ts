import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
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
  async next(fits: (frame: ArrivedFrame) => boolean): Promise<ArrivedFrame> {
    const signal = AbortSignal.timeout(30_000);
    for (;;) {
      const [frame] = (await once(this.#frames, 'frame', { signal })) as [ArrivedFrame];
      if (fits(frame)) return frame;
    }
  }

  [Symbol.dispose](): void {
    this.#child.kill();
  }
}
