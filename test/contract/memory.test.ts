import { openMemoryEngine } from '../../src/adapters/memory/engine.ts';
import type { Clock } from '../../src/ports/system.ts';
import { sessionStoreContract } from './session-store.contract.ts';
import type { OpenEngine } from './support.ts';
import { CONTRACT_SETTINGS } from './support.ts';

const clock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

const open: OpenEngine = async () => openMemoryEngine({ settings: CONTRACT_SETTINGS, clock });

sessionStoreContract('memory', open);
