import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

const HALF_BYTES = 16 * 1024 * 1024;
/** Bounds the attempt, in case that V8 does otherwise some day. */
const MOST_OBJECTS = 2_000_000;
const OBJECTS_AT_ONCE = 1_000;

/**
 * Grows the heap's young generation to 16 MiB for each of its halves, and keeps it there. With less, what
 * is under way at load is copied again and again: 4 MiB cost half as much processor time again, 1 MiB
 * more; 32 MiB, to which V8 would let it grow when thousands of streams open at once, save nothing.
 * V8 doubles it when as much has survived as it holds, so it grows step by step to this size and not
 * beyond, whatever it has reached while the program was loaded.
 */
export function sizeYoungGeneration(): void {
  const survivors: object[] = [];
  while (youngBytes() < 2 * HALF_BYTES && survivors.length < MOST_OBJECTS) {
    for (let count = 0; count < OBJECTS_AT_ONCE; count += 1) survivors.push({ count });
  }
  setFlagsFromString('--semi-space-growth-factor=1');
}

function youngBytes(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find(({ space_name: name }) => name === 'new_space')?.space_size ?? HALF_BYTES * 2;
}
