import type { GatewaySettings } from '../../gateway/settings.ts';
import type { Engine } from '../../ports/engine.ts';
import { MemoryBlobStore } from './blob-store.ts';
import { MemoryBucketStore } from './bucket-store.ts';
import { MemoryEventLog } from './event-log.ts';
import { MemoryIdempotencyStore } from './idempotency-store.ts';
import { MemoryImageRegistry } from './image-registry.ts';
import { MemoryPresenceBook } from './presence-book.ts';
import { MemorySessionStore } from './session-store.ts';
import { SessionTable } from './session-table.ts';
import { MemoryWatchList } from './watch-list.ts';
import { MemoryWorkQueue } from './work-queue.ts';

/** Bounds what uploads can make the process hold, unless told otherwise. */
const MAX_BLOB_BYTES = 512 * 1024 * 1024;

export interface MemoryEngineOptions {
  readonly settings: GatewaySettings;
  /** Images and companions of all sessions together; 512 MiB if not given. */
  readonly maxBlobBytes?: number;
  /** Where the limit of calls starts, below the ceiling that is set later; 1 if not given. */
  readonly limit?: number;
}

/**
 * Everything in the memory of this process: made for the first five minutes, for tests and for a
 * single small team. A restart loses all sessions; readers then get 404 and open new ones.
 *
 * @example
 * await using engine = openMemoryEngine({ settings: DEFAULT_SETTINGS, limit: 2 });
 * await engine.sessions.open({ sessionId, tenant, subject: 'me', now: Date.now() });
 */
export function openMemoryEngine(options: MemoryEngineOptions): Engine {
  const table = new SessionTable();
  return {
    sessions: new MemorySessionStore(table, options.settings),
    log: new MemoryEventLog(table),
    queue: new MemoryWorkQueue(options.limit ?? 1),
    watch: new MemoryWatchList(table),
    presence: new MemoryPresenceBook(table),
    images: new MemoryImageRegistry(),
    blobs: new MemoryBlobStore(options.maxBlobBytes ?? MAX_BLOB_BYTES),
    idempotency: new MemoryIdempotencyStore(),
    buckets: new MemoryBucketStore(),
    ready: () => Promise.resolve(),
    durable: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => {
      table.clear();
      return Promise.resolve();
    },
  };
}
