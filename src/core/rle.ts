/**
 * Masks as COCO run lengths: the lengths of alternating runs of 0 and 1, starting with 0, over the
 * pixels in column-major order, and their compressed text as pycocotools reads and writes it.
 * Source: `common/maskApi.c` of cocodataset/cocoapi (rleEncode, rleToString, rleFrString).
 *
 * @example
 * const rle = encodeMask(mask, { width: 640, height: 480 });
 * const runs = decodeRle(rle);
 * boundsOfRuns(runs, 480); // { x, y, width, height } or null, without building the mask
 */
import type { Box, Size } from './prompt.ts';

/** A compressed mask; `size` is `[height, width]`. */
export interface Rle {
  readonly size: readonly [height: number, width: number];
  readonly counts: string;
}

/** Run lengths in column-major order; even indexes count 0, odd ones 1. */
export type Runs = Uint32Array;

/** The text is not the run lengths of a mask of that size. */
export class RleError extends Error {
  override readonly name = 'RleError';
}

/** First of the 64 characters of the compressed text (`0` to `o`). */
const ALPHABET_START = 48;
/** Six groups of five bits hold any run of a mask below 2^29 pixels; a seventh would wrap in int32. */
const MAX_GROUPS = 6;
/** Arguments that `String.fromCharCode` is given at once: far below any engine's stack limit. */
const TEXT_CHUNK = 8192;

/** Writes run lengths as compressed text. */
export function encodeRuns(runs: ArrayLike<number>): string {
  const codes = new Uint8Array(runs.length * MAX_GROUPS);
  let end = 0;
  for (let i = 0; i < runs.length; i++) {
    let value = runs[i] as number;
    if (i > 2) value -= runs[i - 2] as number;
    let more = true;
    while (more) {
      let group = value & 31;
      value >>= 5;
      more = (group & 16) === 0 ? value !== 0 : value !== -1;
      if (more) group |= 32;
      codes[end++] = group + ALPHABET_START;
    }
  }
  return textOf(codes.subarray(0, end));
}

function textOf(codes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < codes.length; start += TEXT_CHUNK) {
    text += String.fromCharCode(...codes.subarray(start, start + TEXT_CHUNK));
  }
  return text;
}

/**
 * Reads compressed text, which may come from anyone: memory stays within a few times its length.
 * @param pixels height × width, which the runs must add up to
 * @throws {@link RleError} for anything but a well-formed text of exactly that many pixels
 */
export function decodeRuns(counts: string, pixels: number): Runs {
  const runs = new Uint32Array(counts.length);
  let length = 0;
  let total = 0;
  let value = 0;
  let shift = 0;
  for (let position = 0; position < counts.length; position++) {
    const group = groupAt(counts, position);
    if (shift === 5 * MAX_GROUPS) throw new RleError(`value before ${position} is too long`);
    value |= (group & 31) << shift;
    shift += 5;
    if ((group & 32) !== 0) continue;
    const change = (group & 16) === 0 ? value : value | (-1 << shift);
    const run = length > 2 ? change + (runs[length - 2] as number) : change;
    total += run;
    if (run < 0 || total > pixels) throw new RleError(`run ${length} does not fit the mask`);
    runs[length++] = run;
    value = 0;
    shift = 0;
  }
  if (shift !== 0) throw new RleError('text ends inside a value');
  if (total !== pixels) throw new RleError(`runs cover ${total} of ${pixels} pixels`);
  return runs.slice(0, length);
}

function groupAt(counts: string, position: number): number {
  const group = counts.charCodeAt(position) - ALPHABET_START;
  if (group < 0 || group > 63) throw new RleError(`invalid character at ${position}`);
  return group;
}

/**
 * Reads a compressed mask from anyone.
 * @throws {@link RleError} when its size is not two positive integers or its text does not fit it
 */
export function decodeRle(rle: Rle): Runs {
  const [height, width] = rle.size;
  if (!Number.isSafeInteger(height * width) || height < 1 || width < 1) {
    throw new RleError(`invalid size ${height} × ${width}`);
  }
  return decodeRuns(rle.counts, height * width);
}

/**
 * Run lengths from the column-major indexes at which the value changes, in rising order; the value
 * before index 0 is 0, so a mask that begins with foreground has a change at 0.
 */
export function runsOfChanges(changes: ArrayLike<number>, pixels: number): Runs {
  const runs = new Uint32Array(changes.length + 1);
  let last = 0;
  for (let i = 0; i < changes.length; i++) {
    const change = changes[i] as number;
    runs[i] = change - last;
    last = change;
  }
  runs[changes.length] = pixels - last;
  const endsEmpty = last === pixels && changes.length > 0;
  return endsEmpty ? runs.subarray(0, changes.length) : runs;
}

/** Compresses a row-major mask; any value but 0 is foreground. */
export function encodeMask(mask: ArrayLike<number>, size: Size): Rle {
  return { size: [size.height, size.width], counts: encodeRuns(runsOfMask(mask, size)) };
}

/**
 * Run lengths of a row-major mask; any value but 0 is foreground.
 * Reads the mask row by row, as it lies in memory, and sorts the few changes into columns: walking
 * down the columns of a 12-megapixel mask would miss the cache at every pixel.
 */
export function runsOfMask(mask: ArrayLike<number>, { width, height }: Size): Runs {
  const pixels = width * height;
  if (mask.length !== pixels) throw new RleError(`${mask.length} values for ${pixels} pixels`);
  const next = new Uint32Array(width + 1);
  eachChange(mask, width, (x) => {
    next[x + 1] = (next[x + 1] as number) + 1;
  });
  for (let x = 0; x < width; x++) next[x + 1] = (next[x + 1] as number) + (next[x] as number);
  const changes = new Uint32Array(next[width] as number);
  eachChange(mask, width, (x, y) => {
    const slot = next[x] as number;
    changes[slot] = x * height + y;
    next[x] = slot + 1;
  });
  return runsOfChanges(changes, pixels);
}

/**
 * Visits, row by row, each pixel that differs from the one before it in column-major order: the
 * one above it, or for the top row the bottom of the column to its left.
 */
function eachChange(
  mask: ArrayLike<number>,
  width: number,
  visit: (x: number, y: number) => void,
): void {
  const bottom = mask.length - width;
  for (let x = 0; x < width; x++) {
    const before = x === 0 || mask[bottom + x - 1] === 0;
    if ((mask[x] === 0) !== before) visit(x, 0);
  }
  for (let row = width, y = 1; row < mask.length; row += width, y++) {
    for (let i = row; i < row + width; i++) {
      if ((mask[i] === 0) !== (mask[i - width] === 0)) visit(i - row, y);
    }
  }
}

/** A row-major mask of 0 and 1; costs width × height bytes, so check the size of a stranger's first. */
export function maskOfRuns(runs: Runs, { width, height }: Size): Uint8Array {
  const mask = new Uint8Array(width * height);
  let index = 0;
  for (let i = 0; i < runs.length; i++) {
    const end = index + (runs[i] as number);
    if (i % 2 === 1) fillColumns(mask, width, height, index, end);
    index = end;
  }
  return mask;
}

function fillColumns(mask: Uint8Array, width: number, height: number, from: number, to: number) {
  let x = Math.floor(from / height);
  let y = from - x * height;
  for (let i = from; i < to; i++) {
    mask[y * width + x] = 1;
    if (++y === height) {
      y = 0;
      x++;
    }
  }
}

/** What a mask covers. */
export interface Extent {
  /** Foreground pixels. */
  readonly area: number;
  /** The smallest box of whole pixels that holds all foreground, or null for an empty mask. */
  readonly bounds: Box | null;
}

/**
 * Reads a compressed mask from anyone, for what it covers.
 * @throws {@link RleError} as {@link decodeRle}
 */
export function extentOfRle(rle: Rle): Extent {
  const runs = decodeRle(rle);
  return { area: areaOfRuns(runs), bounds: boundsOfRuns(runs, rle.size[0]) };
}

/** Foreground pixels. */
export function areaOfRuns(runs: Runs): number {
  let area = 0;
  for (let i = 1; i < runs.length; i += 2) area += runs[i] as number;
  return area;
}

/** The smallest box of whole pixels that holds all foreground, or null for an empty mask. */
export function boundsOfRuns(runs: Runs, height: number): Box | null {
  let [left, right, top, bottom] = [Number.POSITIVE_INFINITY, -1, height, -1];
  let index = 0;
  for (let i = 0; i < runs.length; i++) {
    const from = index;
    index += runs[i] as number;
    if (i % 2 === 0 || index === from) continue;
    const first = Math.floor(from / height);
    const last = Math.floor((index - 1) / height);
    const wraps = first < last;
    left = Math.min(left, first);
    right = last;
    top = Math.min(top, wraps ? 0 : from % height);
    bottom = Math.max(bottom, wraps ? height - 1 : (index - 1) % height);
  }
  if (right < 0) return null;
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}
