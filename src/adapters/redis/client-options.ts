import { isIP } from 'node:net';
import type { RedisOptions } from 'ioredis';
import type { RedisNode } from './redis-node.ts';
import type { RedisUser } from './redis-url.ts';

/** Of an attempt to connect; a blackholed one says nothing at all. */
const CONNECT_TIMEOUT_MS = 2_000;
const FIRST_RECONNECT_DELAY_MS = 25;
/** Between two attempts at most, so that a server that came back is found within about a second. */
const MAX_RECONNECT_DELAY_MS = 800;

export interface ClientSettings {
  readonly node: RedisNode;
  readonly user: RedisUser;
  readonly tls: boolean;
  readonly db?: number;
  /** Shown by `CLIENT LIST`, and in the log. */
  readonly name: string;
  /** A connection on which replies are due and nothing came for so long is broken, and made anew. */
  readonly silenceMs: number;
}

/** What all connections have in common: they fail at once and by themselves do nothing twice. */
export function clientOptions(settings: ClientSettings) {
  const { node, user, tls, db = 0 } = settings;
  return {
    host: node.host,
    port: node.port,
    ...user,
    db,
    // Addresses have no place in the handshake's name of the server, and are compared all the same.
    ...(tls ? { tls: isIP(node.host) === 0 ? { servername: node.host } : {} } : {}),
    connectionName: settings.name,
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: settings.silenceMs,
    // Nothing is sent twice behind our back, and nothing waits without end: a broken link fails its
    // commands at once (0 retries), and while there is none, ioredis takes no commands.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    retryStrategy: reconnectDelay,
  } satisfies RedisOptions;
}

/** How long to wait before the attempt, counted from 1. Not the same for all who wait. */
export function reconnectDelay(attempt: number): number {
  const delay = Math.min(FIRST_RECONNECT_DELAY_MS * 2 ** attempt, MAX_RECONNECT_DELAY_MS);
  return delay * (0.75 + Math.random() / 4);
}
