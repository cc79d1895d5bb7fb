import type { MemoryEngineOptions } from '../../src/adapters/memory/engine.ts';
import { openMemoryEngine } from '../../src/adapters/memory/engine.ts';
import { CONTRACT_SETTINGS } from '../contract/support.ts';

/** An engine with the limits of the contract. */
export const openStill = (more: Partial<MemoryEngineOptions> = {}) =>
  openMemoryEngine({
    settings: CONTRACT_SETTINGS,
    ...more,
  });
