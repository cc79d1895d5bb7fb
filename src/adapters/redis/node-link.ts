import type { Redis } from 'ioredis';
import type { Logger } from '../../ports/system.ts';
import type { ClientSettings } from './client-options.ts';
import { clientOptions, reconnectDelay } from './client-options.ts';
import { before } from './deadline.ts';
import { isMistake, isReply, LinkLost } from './failure.ts';
import { GatheringClient } from './gathering-client.ts';
import type { RedisNode } from './redis-node.ts';

/** How long a command waits for a link that is just being made again. */
const READY_WAIT_MS = 700;
/** A link that leaves a command without reply for so long may be half open. */
const DOUBT_AFTER_MS = 300;
/** How long replies under way may take when the link is closed. */
const CLOSE_WAIT_MS = 500;

export interface NodeLinkOptions extends ClientSettings {
  /** Whether a replica is refused: it would answer with what is old. In a cluster it says so itself. */
  readonly mustBePrimary: boolean;
  readonly log: Logger;
  /** Called when a command is sent once more. */
  readonly onAgain: () => void;
  /** Called when the link is up, is lost, or could not be made. */
  readonly onState: () => void;
}

/** The server works, but is not one that takes writes. */
class NotPrimary extends Error {
  override readonly name = 'NotPrimary';
}

/**
 * One connection to one server. It connects again by itself, for ever.
 *
 * A command whose link breaks under it is sent once more if there is time: **whatever is sent must
 * be harmless when it is carried out twice**.
 */
export class NodeLink implements AsyncDisposable {
  readonly node: RedisNode;
  readonly #client: Redis;
  readonly #options: NodeLinkOptions;
  /** Since when there is no usable connection. */
  #downSince: number | undefined = Date.now();
  #recovery = Promise.withResolvers<void>();
  #attempts = 0;
  #closing = false;
  #lastError: Error | undefined;

  constructor(options: NodeLinkOptions) {
    this.node = options.node;
    this.#options = options;
    const retryStrategy = () => {
      this.#attempts += 1;
      return reconnectDelay(this.#attempts);
    };
    // A primary that became a replica keeps its connections; the right one is found by a new one.
    const reconnectOnError = (error: Error) => error.message.includes('READONLY');
    this.#client = new GatheringClient({
      ...clientOptions(options),
      retryStrategy,
      reconnectOnError,
    });
    this.#client.on('error', (error) => {
      this.#lastError = error;
      this.#tellState();
    });
    this.#client.on('ready', () => void this.#welcome());
    this.#client.on('close', () => this.#down());
  }

  get isUp(): boolean {
    return this.#downSince === undefined && this.#client.status === 'ready';
  }

  /** Why the last attempt to connect failed. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /**
   * Gives a command before the time `end` has come. Rejects with what ioredis or the server says, or
   * with {@link LinkLost}.
   */
  use<Result>(command: (client: Redis) => Promise<Result>, end: number): Promise<Result> {
    return this.isUp ? this.#give(command, end) : this.#giveWhenReady(command, end);
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

  #give<Result>(command: (client: Redis) => Promise<Result>, end: number): Promise<Result> {
    const sentAt = Date.now();
    return before(command(this.#client), end - sentAt).catch((error: unknown) =>
      this.#giveAgain(command, end, sentAt, error),
    );
  }

  async #giveWhenReady<Result>(
    command: (client: Redis) => Promise<Result>,
    end: number,
  ): Promise<Result> {
    await this.#whenReady(end);
    return await this.#give(command, end);
  }

  async #giveAgain<Result>(
    command: (client: Redis) => Promise<Result>,
    end: number,
    sentAt: number,
    error: unknown,
  ): Promise<Result> {
    if (error instanceof LinkLost && Date.now() >= sentAt + DOUBT_AFTER_MS) this.#doubt(error);
    if (isReply(error) || isMistake(error) || Date.now() >= end) throw error;
    if (error instanceof LinkLost) throw error;
    // Redis has ended the connection, and ioredis calls it ready until it has closed.
    if (isUnwritable(error)) this.#down();
    // The link broke; its replacement is usually there within milliseconds.
    if (!this.isUp) await this.#whenReady(end);
    this.#options.onAgain();
    return await before(command(this.#client), end - Date.now());
  }

  async #whenReady(end: number): Promise<void> {
    if (this.#closing) throw new LinkLost('the server is not in use any more');
    // ioredis tells of a loss a moment after it has noticed.
    this.#down();
    const since = this.#downSince ?? Date.now();
    const patience = Math.min(end, since + READY_WAIT_MS) - Date.now();
    if (patience <= 0) throw new LinkLost(`no connection to ${this.node.name}`);
    await before(this.#recovery.promise, patience);
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

  async #welcome(): Promise<void> {
    try {
      if (this.#options.mustBePrimary) await refuseReplica(this.#client);
      this.#up();
    } catch (error) {
      this.#lastError = error instanceof Error ? error : new LinkLost(String(error));
      this.#client.disconnect(true);
    }
  }

  #up(): void {
    if (this.#downSince !== undefined && this.#lastError !== undefined) {
      this.#options.log.info('Redis is back', this.#facts());
    }
    this.#attempts = 0;
    this.#downSince = undefined;
    this.#lastError = undefined;
    this.#recovery.resolve();
    this.#tellState();
  }

  #down(since = Date.now()): void {
    if (this.#downSince === undefined) {
      this.#downSince = since;
      this.#recovery = Promise.withResolvers();
      this.#tellLoss();
    }
    this.#tellState();
  }

  #tellState(): void {
    if (!this.#closing) this.#options.onState();
  }

  #tellLoss(): void {
    if (this.#closing) return;
    const error = this.#lastError?.message ?? 'the connection was closed';
    this.#options.log.warn('Redis is lost', { ...this.#facts(), error });
    this.#lastError ??= new LinkLost('the connection was closed');
  }

  #facts() {
    return { server: this.node.name, connection: this.#options.name };
  }
}

const ROLES: ReadonlyMap<string, string> = new Map([
  ['slave', 'replica'],
  ['sentinel', 'Sentinel'],
]);

async function refuseReplica(client: Redis): Promise<void> {
  const [role] = await client.role();
  if (role !== 'master') throw new NotPrimary(`the server is a ${ROLES.get(String(role)) ?? role}`);
}

const isUnwritable = (error: unknown) =>
  error instanceof Error && error.message.startsWith("Stream isn't writeable");
