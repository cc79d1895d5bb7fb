import { randomBytes } from 'node:crypto';
import type { Random } from '../../ports/system.ts';

/** Ids from the kernel's generator; spreads of timers need no more than `Math.random`. */
export const systemRandom: Random = {
  uniform: () => Math.random(),
  token: (bytes) => randomBytes(bytes).toString('base64url'),
};
