/** Reads a session's stream as a browser would, but lets a test look at every frame. */
import type { EventSourceMessage } from 'eventsource-parser';
import { createParser } from 'eventsource-parser';
import { within } from './http-within.ts';

export interface Frame {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: {
    readonly type: string;
    readonly sequence?: number;
    readonly eventId?: string;
    readonly payload: Readonly<Record<string, unknown>>;
  };
}

export class StreamReader implements AsyncDisposable {
  readonly response: Response;
  readonly frames: Frame[] = [];
  readonly retries: number[] = [];
  readonly #abort: AbortController;
  readonly #patienceMs: number | undefined;
  readonly #waiting = new Set<() => void>();
  readonly #done: Promise<void>;
  ended = false;

  constructor(response: Response, abort: AbortController, patienceMs?: number) {
    this.response = response;
    this.#abort = abort;
    this.#patienceMs = patienceMs;
    this.#done = this.#read();
  }

  /** The first frame that fits, now or later. */
  async next(label: string, fits: (frame: Frame) => boolean): Promise<Frame> {
    const wait = async () => {
      for (;;) {
        const found = this.frames.find(fits);
        if (found !== undefined) return found;
        if (this.ended) throw new Error(`the stream ended before: ${label}`);
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    };
    return await within(wait(), label, this.#patienceMs);
  }

  named(event: string): Promise<Frame> {
    return this.next(event, (frame) => frame.event === event);
  }

  /** Resolves when the server has ended the stream. */
  async end(): Promise<void> {
    await within(this.#done, 'the server ends the stream', this.#patienceMs);
  }

  async #read(): Promise<void> {
    const parser = createParser({
      onEvent: (message) => this.#add(message),
      onRetry: (ms) => this.retries.push(ms),
    });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.response.body ?? []) {
        parser.feed(decoder.decode(chunk, { stream: true }));
      }
    } catch {
      // Cut by the test or by the server; `ended` says so.
    }
    this.ended = true;
    this.#wake();
  }

  #add({ id, event, data }: EventSourceMessage): void {
    this.frames.push({ id, event, data: JSON.parse(data) });
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }
}

/**
 * Opens a stream; the response may be anything, which a test can look at.
 * @param patienceMs how long anything is waited for; more where whole processes take part
 */
export async function openStream(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  patienceMs?: number,
): Promise<StreamReader> {
  const abort = new AbortController();
  const opening = fetch(url, { headers, signal: abort.signal });
  const response = await within(opening, 'the stream opens', patienceMs);
  return new StreamReader(response, abort, patienceMs);
}
