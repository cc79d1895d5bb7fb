import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

const HALF_BYTES = 8 * 1024 * 1024;
/** V8 begins with one MiB for each half, and grows by the factor when as much has survived. */
const FACTOR = 8;
/** Bounds the attempt, in case that V8 does otherwise some day. */
const MOST_OBJECTS = 1_000_000;
const OBJECTS_AT_ONCE = 1_000;

/**
 * Grows the heap's young generation to 8 MiB for each of its halves, and keeps it there. At load one of
 * 1 MiB costs half as much processor time again, since what is under way is copied again and again;
 * left alone it grows up to 64 MiB when thousands of streams open at once, and stays there: 10 KB and
 * more for each of 5,000.
 */
export function sizeYoungGeneration(): void {
  setFlagsFromString(`--semi-space-growth-factor=${FACTOR}`);
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
