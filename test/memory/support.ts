import type { MemoryEngineOptions } from '../../src/adapters/memory/engine.ts';
import { openMemoryEngine } from '../../src/adapters/memory/engine.ts';
import { CONTRACT_SETTINGS, NOW } from '../contract/support.ts';

/** An engine whose time stands still. */
export const openStill = (more: Partial<MemoryEngineOptions> = {}) =>
  openMemoryEngine({
    settings: CONTRACT_SETTINGS,
    clock: { now: () => NOW, after: () => ({ cancel: () => {} }) },
    ...more,
  });
