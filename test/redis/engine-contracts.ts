/** Every contract of an engine, for engines on servers of any kind. */
import { blobStoreContract } from '../contract/blob-store.contract.ts';
import { bucketStoreContract } from '../contract/bucket-store.contract.ts';
import { eventLogContract } from '../contract/event-log.contract.ts';
import { idempotencyStoreContract } from '../contract/idempotency-store.contract.ts';
import { imageRegistryContract } from '../contract/image-registry.contract.ts';
import { presenceBookContract } from '../contract/presence-book.contract.ts';
import { sessionModelContract } from '../contract/session-model.contract.ts';
import { sessionStoreContract } from '../contract/session-store.contract.ts';
import { severalServersContract } from '../contract/several-servers.contract.ts';
import type { OpenEngine } from '../contract/support.ts';
import { watchListContract } from '../contract/watch-list.contract.ts';
import { workQueueContract } from '../contract/work-queue.contract.ts';

const MODEL_RUNS = 20;

let opened = 0;

/** Of keys that no other engine of this process has, so that it holds nothing yet. */
export function freshPrefix(): string {
  opened += 1;
  return `engine-${opened}`;
}

export function engineContracts(name: string, open: OpenEngine): void {
  sessionStoreContract(name, open);
  sessionModelContract(name, open, MODEL_RUNS);
  eventLogContract(name, open);
  workQueueContract(name, open);
  severalServersContract(name, open);
  blobStoreContract(name, open);
  imageRegistryContract(name, open);
  idempotencyStoreContract(name, open);
  bucketStoreContract(name, open);
  watchListContract(name, open);
  presenceBookContract(name, open);
}
