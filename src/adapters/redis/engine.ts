import { randomBytes } from 'node:crypto';
import type { GatewaySettings } from '../../gateway/settings.ts';
import type { Engine } from '../../ports/engine.ts';
import type { Logger } from '../../ports/system.ts';
import { RedisBlobStore } from './blob-store.ts';
import { RedisBucketStore } from './bucket-store.ts';
import { ReplicaConfirmations, UNCONFIRMED } from './confirmations.ts';
import { openConnections } from './connections.ts';
import type { Durability } from './durability.ts';
import { RedisEventLog } from './event-log.ts';
import { RedisIdempotencyStore } from './idempotency-store.ts';
import { RedisImageRegistry } from './image-registry.ts';
import { RedisKeys } from './keys.ts';
import { SECRET_LIFE_MS, sharedLifeMs } from './lifetimes.ts';
import type { RedisLink } from './link.ts';
import { RedisPresenceBook } from './presence-book.ts';
import { parseRedisUrl } from './redis-url.ts';
import { SessionSlot } from './session/session-slot.ts';
import { RedisSessionStore } from './session-store.ts';
import { checkServers } from './start-checks.ts';
import { RedisWatchList } from './watch-list.ts';
import { RedisWorkQueue } from './work-queue.ts';

/** Bounds what uploads can make Redis hold, unless told otherwise. */
const MAX_BLOB_BYTES = 512 * 1024 * 1024;
/** A server that starts together with the gateway may take as long. */
const CONNECT_WAIT_MS = 5_000;

export interface RedisEngineOptions {
  /** In one of the forms of {@link parseRedisUrl}. */
  readonly url: string;
  /** Before every key; `mw` if not given. */
  readonly prefix?: string | undefined;
  readonly settings: GatewaySettings;
  readonly log: Logger;
  /** Images and companions of all sessions together; 512 MiB if not given. */
  readonly maxBlobBytes?: number;
  /** What callers' changes have reached before the callers are told of it; `memory` if not given. */
  readonly durability?: Durability | undefined;
  /** Whose time decides when leases run out; the server's, unless a test has its own. */
  readonly time?: 'server' | 'caller';
}

export interface RedisEngine extends Engine {
  /** Random bytes that all gateways on this Redis have in common, whichever came first. */
  readonly secret: Uint8Array;
}

/**
 * Everything in Redis 7 or newer: sessions, queue and images survive any gateway, and any number of
 * gateways share the load. Rejects with a {@link RedisStartError} when the server cannot be used.
 *
 * @example
 * await using engine = await openRedisEngine({ url: 'redis://127.0.0.1', settings, log });
 */
export async function openRedisEngine(options: RedisEngineOptions): Promise<RedisEngine> {
  const { settings, log, time = 'server', durability = 'memory' } = options;
  const address = parseRedisUrl(options.url);
  await using opened = new AsyncDisposableStack();
  const connections = opened.use(openConnections({ address, log }));
  const { commands, subscriber } = connections;
  const keys = new RedisKeys(options.prefix);
  const channel = keys.poolChannel();
  const checks = { durability, channel, log, withinMs: CONNECT_WAIT_MS };
  await checkServers(connections, address, checks);

  const confirmations =
    durability === 'memory'
      ? UNCONFIRMED
      : opened.use(new ReplicaConfirmations({ address, log, topology: connections.topology }));
  const lifeMs = sharedLifeMs(settings.sessionTtlMs);
  const shared = { connections, confirmations, keys, lifeMs, time };
  const slot = new SessionSlot(commands, keys, settings);
  const queue = await RedisWorkQueue.open(shared);
  const secret = await sharedSecret(commands, keys);
  const kept = opened.move();
  return {
    sessions: new RedisSessionStore(slot, confirmations),
    log: new RedisEventLog(slot, subscriber),
    queue,
    watch: new RedisWatchList({ ...shared, sessionTtlMs: settings.sessionTtlMs }),
    presence: new RedisPresenceBook(shared),
    images: new RedisImageRegistry(shared),
    blobs: new RedisBlobStore({ ...shared, maxBytes: options.maxBlobBytes ?? MAX_BLOB_BYTES }),
    idempotency: new RedisIdempotencyStore(shared),
    buckets: new RedisBucketStore(shared),
    secret,
    ready: async () => {
      await commands.useAll((client) => client.ping());
    },
    durable: () => confirmations.check(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function sharedSecret(commands: RedisLink, keys: RedisKeys): Promise<Uint8Array> {
  const fresh = randomBytes(32).toString('base64url');
  const key = keys.secret();
  const text = await commands.use(async (client) => {
    await client.set(key, fresh, 'PX', SECRET_LIFE_MS, 'NX');
    await client.pexpire(key, SECRET_LIFE_MS);
    return await client.get(key);
  }, key);
  return Buffer.from(text ?? fresh, 'base64url');
}
