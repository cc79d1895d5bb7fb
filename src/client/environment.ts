/**
 * What the SDK needs from the outside: time, chance and the network. Handed in, so that the same
 * code runs in a browser, in Node and in tests that own the clock.
 */

/** Stops what was started; harmless when repeated. */
export type Cancel = () => void;

/** The part of a native `EventSource` that is used here. */
export interface EventSourceLike {
  readonly readyState: number;
  onerror: ((event: never) => unknown) | null;
  addEventListener(type: string, listener: (event: { readonly data: string }) => void): void;
  close(): void;
}

/** A request whose upload can be watched. */
export interface UploadRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: FormData;
  /** Called with 0–1 while bytes leave. */
  readonly onProgress: (part: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface UploadResponse {
  readonly status: number;
  readonly text: string;
  /** The header of that name. */
  readonly retryAfter: string | null;
}

export interface Environment {
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>;
  /** Absent where there is no `EventSource`; the long poll takes its place. */
  readonly eventSource?: (url: string) => EventSourceLike;
  /** Absent where progress cannot be seen; `fetch` takes its place. */
  readonly upload?: (request: UploadRequest) => Promise<UploadResponse>;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Even in [0, 1). */
  readonly random: () => number;
  /** A text that nobody else makes. */
  readonly unique: () => string;
  readonly after: (ms: number, run: () => void) => Cancel;
  /** Reports when the machine gains or loses its network; absent where nobody knows. */
  readonly watchNetwork?: (changed: (up: boolean) => void) => Cancel;
}

/** Waits; the only sleep of the SDK, between two attempts of a request. */
export function pause(environment: Environment, ms: number): Promise<void> {
  return new Promise((resolve) => {
    environment.after(ms, resolve);
  });
}
