/** The environment that the platform itself offers: a browser's or Node's. */
import { HEADERS } from '../protocol/routes.ts';
import type {
  Cancel,
  Environment,
  EventSourceLike,
  UploadRequest,
  UploadResponse,
} from './environment.ts';

/** The part of `XMLHttpRequest` that is used here: it alone tells how much has been sent. */
interface Xhr {
  readonly status: number;
  readonly responseText: string;
  readonly upload: {
    onprogress:
      | ((event: { loaded: number; total: number; lengthComputable: boolean }) => unknown)
      | null;
  };
  onload: (() => unknown) | null;
  onerror: (() => unknown) | null;
  onabort: (() => unknown) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: FormData): void;
  abort(): void;
}

/** What may be there, depending on the platform. */
interface Platform {
  readonly EventSource?: new (url: string) => EventSourceLike;
  readonly XMLHttpRequest?: new () => Xhr;
  readonly addEventListener?: (type: string, listener: () => void) => void;
  readonly removeEventListener?: (type: string, listener: () => void) => void;
}

function uploadWith(make: new () => Xhr): (request: UploadRequest) => Promise<UploadResponse> {
  return (request) =>
    new Promise((resolve, reject) => {
      const xhr = new make();
      xhr.open('POST', request.url);
      for (const [name, value] of Object.entries(request.headers))
        xhr.setRequestHeader(name, value);
      xhr.upload.onprogress = (event) => {
        if (event.lengthComputable) request.onProgress(event.loaded / event.total);
      };
      xhr.onload = () => {
        const retryAfter = xhr.getResponseHeader(HEADERS.retryAfter);
        resolve({ status: xhr.status, text: xhr.responseText, retryAfter });
      };
      xhr.onerror = () => reject(new TypeError('the upload failed'));
      xhr.onabort = () => reject(new DOMException('the upload was stopped', 'AbortError'));
      request.signal?.addEventListener('abort', () => xhr.abort());
      xhr.send(request.body);
    });
}

function watchNetwork(platform: Platform, changed: (up: boolean) => void): Cancel {
  const up = (): void => changed(true);
  const down = (): void => changed(false);
  platform.addEventListener?.('online', up);
  platform.addEventListener?.('offline', down);
  return () => {
    platform.removeEventListener?.('online', up);
    platform.removeEventListener?.('offline', down);
  };
}

/** Time, chance and network of the page or process that this runs in. */
export function systemEnvironment(): Environment {
  const platform = globalThis as unknown as Platform;
  const { EventSource, XMLHttpRequest } = platform;
  return {
    fetch: (url, init) => globalThis.fetch(url, init),
    ...(EventSource === undefined ? {} : { eventSource: (url) => new EventSource(url) }),
    ...(XMLHttpRequest === undefined ? {} : { upload: uploadWith(XMLHttpRequest) }),
    now: () => performance.now(),
    random: () => Math.random(),
    unique: uniqueText,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    watchNetwork: (changed) => watchNetwork(platform, changed),
  };
}

/** 128 random bits. `crypto.randomUUID` is missing on pages that came over plain HTTP. */
function uniqueText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
