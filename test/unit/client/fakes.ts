/** An environment whose clock and network belong to the test. */
import type { Environment } from '../../../src/client/environment.ts';
import type { StreamFrame, Transport, TransportEvents } from '../../../src/client/transport.ts';
import type { Cursor } from '../../../src/core/cursor.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class FakeEnvironment implements Environment {
  readonly timers = new Set<Timer>();
  readonly requests: { url: string; init: RequestInit }[] = [];
  readonly answers: (Response | Error)[] = [];
  time = 0;
  chance = 0.5;
  #made = 0;
  #network: ((up: boolean) => void) | undefined;

  readonly now = (): number => this.time;
  readonly random = (): number => this.chance;

  readonly unique = (): string => {
    this.#made += 1;
    return `unique${this.#made}`;
  };

  readonly fetch = (url: string, init: RequestInit = {}): Promise<Response> => {
    this.requests.push({ url, init });
    const answer = this.answers.shift() ?? new TypeError('no network');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };

  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.time + ms, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  };

  readonly watchNetwork = (changed: (up: boolean) => void): (() => void) => {
    this.#network = changed;
    return () => {
      this.#network = undefined;
    };
  };

  setNetwork(up: boolean): void {
    this.#network?.(up);
  }

  get watched(): boolean {
    return this.#network !== undefined;
  }

  /** Runs what is due in the next `ms`, in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.at <= end);
      const next = due.sort((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = next.at;
      next.run();
    }
    this.time = end;
  }
}

/** A transport that the test speaks through. */
export class FakeTransport {
  readonly opened: (Cursor | undefined)[] = [];
  open = false;
  #events: TransportEvents | undefined;

  readonly transport: Transport = (after, events) => {
    this.opened.push(after);
    this.open = true;
    this.#events = events;
    return () => {
      this.open = false;
      this.#events = undefined;
    };
  };

  frame(frame: StreamFrame): void {
    this.#events?.frame(frame);
  }

  lost(): void {
    this.open = false;
    this.#events?.lost();
  }
}

export const json = (body: unknown, init: ResponseInit = {}): Response =>
  new Response(JSON.stringify(body), init);

export const problem = (status: number, code: string, more: object = {}): Response =>
  json(
    { type: `urn:x:${code}`, title: code, status, detail: `because ${code}`, code, ...more },
    { status, headers: { 'Content-Type': 'application/problem+json' } },
  );
