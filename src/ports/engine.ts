import type { BlobStore } from './blob-store.ts';
import type { BucketStore } from './bucket-store.ts';
import type { EventLog } from './event-log.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import type { ImageRegistry } from './image-registry.ts';
import type { PresenceBook } from './presence-book.ts';
import type { SessionStore } from './session-store.ts';
import type { WatchList } from './watch-list.ts';
import type { WorkQueue } from './work-queue.ts';

/** Everything that remembers. Engines are interchangeable: one contract suite, passed by each. */
export interface Engine extends AsyncDisposable {
  readonly sessions: SessionStore;
  readonly log: EventLog;
  readonly queue: WorkQueue;
  readonly watch: WatchList;
  readonly presence: PresenceBook;
  readonly images: ImageRegistry;
  readonly blobs: BlobStore;
  readonly idempotency: IdempotencyStore;
  readonly buckets: BucketStore;
  /** Resolves when the engine can take commands; rejects with `storage_unavailable`. */
  ready(): Promise<void>;
  /** Resolves when `sessions.durably` can keep its promise; rejects with `storage_unavailable`. */
  durable(): Promise<void>;
}
