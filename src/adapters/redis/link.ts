import { Redis } from 'ioredis';
import type { Logger } from '../../ports/system.ts';
import { isMistake, isReply, LinkLost, storageUnavailable, translated } from './failure.ts';
import type { RedisAddress } from './redis-url.ts';
import { nameOf } from './redis-url.ts';

/** How long a command waits for a link that is just being made again. */
const READY_WAIT_MS = 700;
/** Of an attempt to connect; a blackholed one says nothing at all. */
const CONNECT_TIMEOUT_MS = 2_000;
/** Between two attempts at most, so that a server that came back is found within about a second. */
const MAX_RECONNECT_DELAY_MS = 800;
/** Bounds what piles up on a link that is half open until that is noticed. */
const MAX_PENDING = 20_000;
/** How long replies under way may take when the engine is closed. */
const CLOSE_WAIT_MS = 500;

export interface LinkOptions {
  readonly address: RedisAddress;
  /** Shown by `CLIENT LIST`, and in the log. */
  readonly name: string;
  /** From the call to its failure, reconnecting and a second try included. */
  readonly deadlineMs: number;
  /** A link on which replies are due and nothing came for so long is broken, and made anew. */
  readonly silenceMs: number;
  readonly log: Logger;
}

/** The options that all connections share. */
export function clientOptions(options: Omit<LinkOptions, 'deadlineMs'>) {
  const { host, port, username, password, db, tls } = options.address;
  return {
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: { servername: host } } : {}),
    connectionName: options.name,
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: options.silenceMs,
    // Nothing is sent twice behind our back, and nothing waits without end: a broken link fails its
    // commands at once (0 retries), and while there is none, ioredis takes no commands.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    retryStrategy: (attempt: number) =>
      Math.min(25 * 2 ** attempt, MAX_RECONNECT_DELAY_MS) * (0.75 + Math.random() / 4),
    // A primary that became a replica keeps its connections; the right one is found by a new one.
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  };
}

/**
 * One connection that fails in time: a command is answered, or rejects with `storage_unavailable`,
 * within its deadline, however the server is lost. It connects again by itself, for ever.
 *
 * A command whose link breaks under it is sent once more if there is time: **whatever is sent must
 * be harmless when it is carried out twice**.
 */
export class RedisLink implements AsyncDisposable {
  readonly #client: Redis;
  readonly #options: LinkOptions;
  /** Since when there is no usable connection. */
  #downSince: number | undefined = Date.now();
  #recovery = Promise.withResolvers<void>();
  #pending = 0;
  #closing = false;
  #lastError: Error | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#client = new Redis(clientOptions(options));
    this.#client.on('error', (error) => {
      this.#lastError = error;
    });
    this.#client.on('ready', () => this.#up());
    this.#client.on('close', () => this.#down());
  }

  /** Why the last attempt to connect failed. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /**
   * Resolves when the connection can be used; rejects when that takes longer, or with the error of an
   * attempt that is `hopeless`.
   */
  async ready(withinMs: number, hopeless = (_: Error) => false): Promise<void> {
    if (this.#client.status === 'ready') return;
    const { promise: failed, reject } = Promise.withResolvers<never>();
    const judge = (error: Error) => {
      if (hopeless(error)) reject(error);
    };
    this.#client.on('error', judge);
    try {
      await before(Promise.race([this.#recovery.promise, failed]), withinMs);
    } finally {
      this.#client.off('error', judge);
    }
  }

  /** Gives a command; see the class for what it must bear. */
  async use<Result>(command: (client: Redis) => Promise<Result>): Promise<Result> {
    if (this.#pending >= MAX_PENDING) throw storageUnavailable('The storage does not answer');
    this.#pending += 1;
    try {
      return await this.#attempt(command);
    } catch (error) {
      throw translated(error);
    } finally {
      this.#pending -= 1;
    }
  }

  /** Ends the connection; replies under way are waited for, but not long. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    const closed = this.#client.quit().then(
      () => undefined,
      () => undefined,
    );
    await before(closed, CLOSE_WAIT_MS).catch(() => undefined);
    this.#client.disconnect();
  }

  async #attempt<Result>(command: (client: Redis) => Promise<Result>): Promise<Result> {
    const end = Date.now() + this.#options.deadlineMs;
    await this.#whenReady();
    try {
      return await before(command(this.#client), end - Date.now());
    } catch (error) {
      if (error instanceof LinkLost) this.#doubt(error);
      if (isReply(error) || isMistake(error) || Date.now() >= end) throw error;
      if (error instanceof LinkLost) throw error;
      // Redis has ended the connection, and ioredis calls it ready until it has closed.
      if (isUnwritable(error)) this.#down();
    }
    // The link broke; its replacement is usually there within milliseconds.
    await this.#whenReady();
    return await before(command(this.#client), end - Date.now());
  }

  async #whenReady(): Promise<void> {
    if (this.#downSince === undefined && this.#client.status === 'ready') return;
    // ioredis tells of a loss a moment after it has noticed.
    this.#down();
    const since = this.#downSince ?? Date.now();
    await before(this.#recovery.promise, since + READY_WAIT_MS - Date.now());
  }

  /**
   * Nothing came in time. Until something does, commands fail at once: a request that gives several
   * has waited once, and nothing piles up. A link that stays silent is closed, and made anew.
   */
  #doubt(error: LinkLost): void {
    if (this.#downSince !== undefined) return;
    this.#lastError = error;
    this.#down(Date.now() - READY_WAIT_MS);
    this.#client.ping().then(
      () => this.#up(),
      () => undefined,
    );
  }

  #up(): void {
    if (this.#downSince !== undefined && this.#lastError !== undefined) {
      this.#options.log.info('Redis is back', this.#facts());
    }
    this.#downSince = undefined;
    this.#lastError = undefined;
    this.#recovery.resolve();
  }

  #down(since = Date.now()): void {
    if (this.#downSince !== undefined) return;
    this.#downSince = since;
    this.#recovery = Promise.withResolvers();
    if (this.#closing) return;
    const error = this.#lastError?.message ?? 'the connection was closed';
    this.#options.log.warn('Redis is lost', { ...this.#facts(), error });
    this.#lastError ??= new LinkLost('the connection was closed');
  }

  #facts() {
    return { server: nameOf(this.#options.address), connection: this.#options.name };
  }
}

const isUnwritable = (error: unknown) =>
  error instanceof Error && error.message.startsWith("Stream isn't writeable");

/** Rejects with {@link LinkLost} when the promise takes too long; it goes on, unheard. */
export async function before<Result>(promise: Promise<Result>, ms: number): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const fail = () => reject(new LinkLost(`no answer within ${ms} ms`));
  // What has arrived while the process stood still is read first, and counts.
  const timer = setTimeout(() => setImmediate(fail), Math.max(0, ms));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
