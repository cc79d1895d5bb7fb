import { randomFillSync } from 'node:crypto';
import type { Random } from '../../ports/system.ts';

/** Drawn from the kernel at once: a call for each id would cost more than the id. */
const POOL_BYTES = 4_096;

const pool = Buffer.allocUnsafe(POOL_BYTES);
let used = POOL_BYTES;

/** Ids from the kernel's generator; spreads of timers need no more than `Math.random`. */
export const systemRandom: Random = {
  uniform: () => Math.random(),
  token: (bytes) => {
    if (bytes > POOL_BYTES) throw new RangeError(`a token has at most ${POOL_BYTES} bytes`);
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytes;
    // Each byte is given out once: an id that repeats another's opens its session.
    return pool.toString('base64url', used - bytes, used);
  },
};
