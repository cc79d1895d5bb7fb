import { openMemoryEngine } from '../../src/adapters/memory/engine.ts';
import { blobStoreContract } from './blob-store.contract.ts';
import { bucketStoreContract } from './bucket-store.contract.ts';
import { eventLogContract } from './event-log.contract.ts';
import { idempotencyStoreContract } from './idempotency-store.contract.ts';
import { imageRegistryContract } from './image-registry.contract.ts';
import { presenceBookContract } from './presence-book.contract.ts';
import { sessionModelContract } from './session-model.contract.ts';
import { sessionStoreContract } from './session-store.contract.ts';
import { severalServersContract } from './several-servers.contract.ts';
import type { OpenEngine } from './support.ts';
import { CONTRACT_SETTINGS } from './support.ts';
import { watchListContract } from './watch-list.contract.ts';
import { workQueueContract } from './work-queue.contract.ts';

const open: OpenEngine = async (settings = CONTRACT_SETTINGS) => openMemoryEngine({ settings });

sessionStoreContract('memory', open);
sessionModelContract('memory', open, 300);
eventLogContract('memory', open);
workQueueContract('memory', open);
severalServersContract('memory', open);
blobStoreContract('memory', open);
imageRegistryContract('memory', open);
idempotencyStoreContract('memory', open);
bucketStoreContract('memory', open);
watchListContract('memory', open);
presenceBookContract('memory', open);
