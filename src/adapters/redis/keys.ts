import { createHash } from 'node:crypto';
import type { SessionId } from '../../core/ids.ts';

/** Before every key, unless told otherwise; two installations may share a server by two prefixes. */
export const DEFAULT_PREFIX = 'mw';

/** No braces: they would decide the slot. */
export const PREFIX = /^[\w.:-]{1,64}$/;

/** Keys of the pool in the order in which every script of it takes them. */
export type PoolKeys = readonly [
  meta: string,
  slots: string,
  leases: string,
  claims: string,
  line: string,
  ready: string,
  due: string,
  turns: string,
  waiters: string,
  deadlines: string,
  reserved: string,
];

/** Keys of the sessions that are looked after, in the order in which every script of it takes them. */
export type WatchListKeys = readonly [index: string, till: string, turns: string];

/** Keys of the index of blobs, in the order in which every script of it takes them. */
export type BlobIndexKeys = readonly [
  meta: string,
  entries: string,
  expiry: string,
  byHolder: string,
  byBlob: string,
];

/**
 * The names of all keys and channels. What one script touches has one hash tag, so that it lies in
 * one slot of a cluster: `{<sessionId>}` for everything of a session, `{sessions}` for which there are
 * and which are looked after, `{pool}` for what waits and who works, `{blobs}` for who holds which
 * bytes. The bytes themselves are spread.
 */
export class RedisKeys {
  readonly #prefix: string;

  constructor(prefix: string = DEFAULT_PREFIX) {
    if (!PREFIX.test(prefix)) {
      throw new Error(`a prefix of keys has letters, digits and . : - _, not ${prefix}`);
    }
    this.#prefix = prefix;
  }

  /** One of the session's keys. */
  session(session: SessionId, part: string): string {
    return `${this.#prefix}:{${session}}:${part}`;
  }

  /** Where the session's doorbell rings. */
  sessionChannel(session: SessionId): string {
    return this.session(session, 'bell');
  }

  /** Every session, by the time before which it cannot have ended. */
  sessionIndex(): string {
    return `${this.#prefix}:{sessions}:expiry`;
  }

  watchList(): WatchListKeys {
    const key = (part: string) => `${this.#prefix}:{sessions}:${part}`;
    return [this.sessionIndex(), key('watched-till'), key('watch-turns')];
  }

  /** Why all sessions were put on the list last. */
  watchOccasion(): string {
    return `${this.#prefix}:{sessions}:watch-occasion`;
  }

  pool(): PoolKeys {
    const key = (part: string) => `${this.#prefix}:{pool}:${part}`;
    return [
      key('meta'),
      key('slots'),
      key('leases'),
      key('claims'),
      key('line'),
      key('ready'),
      key('due'),
      key('turns'),
      key('waiters'),
      key('deadlines'),
      key('reserved'),
    ];
  }

  /** Where the pool's doorbell rings. */
  poolChannel(): string {
    return `${this.#prefix}:{pool}:bell`;
  }

  blobIndex(): BlobIndexKeys {
    const key = (part: string) => `${this.#prefix}:{blobs}:${part}`;
    return [key('meta'), key('entries'), key('expiry'), key('by-holder'), key('by-blob')];
  }

  /** The bytes of a blob; of another `generation` after it was forgotten and put again. */
  blob(id: string, generation: string): string {
    return `${this.#prefix}:{blob:${digest(id)}}:${generation}`;
  }

  /** How far the preparation of a content is, and who holds it. */
  content(name: string): string {
    return `${this.#prefix}:{content:${digest(name)}}`;
  }

  /** What gateways sign with that trust each other. */
  secret(): string {
    return `${this.#prefix}:{secret}`;
  }

  /** What a caller may still do at once. */
  bucket(name: string): string {
    return `${this.#prefix}:{bucket:${digest(name)}}`;
  }

  /** An answer that is kept under a key of its caller's (A4). */
  idempotency(scope: string, key: string): string {
    return `${this.#prefix}:{key:${digest(JSON.stringify([scope, key]))}}`;
  }
}

/** Of bounded length and without braces, whatever callers chose. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
