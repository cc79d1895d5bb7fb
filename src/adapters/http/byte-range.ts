import { RequestRefused } from './request-refused.ts';

/** A part of a body: from its first byte to just behind its last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/**
 * The part that a `Range` header asks for (RFC 9110, 14.1.2); `undefined` for the whole. A header that
 * cannot be read, and one that asks for several parts, are ignored, as the standard allows.
 * @throws {RequestRefused} 416 when no byte of the range exists
 */
export function byteRange(header: string | undefined, length: number): ByteRange | undefined {
  const match = header === undefined ? null : RANGE.exec(header.replace(/\s/g, ''));
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, length - Number(last)) : Number(first);
  const end = first === '' || last === '' ? length : Math.min(length, Number(last) + 1);
  // Backwards is not a range at all; beyond the end, or the last 0 bytes, is one without a byte.
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= end) {
    throw new RequestRefused(416, 'No byte of this range exists.', {
      'Content-Range': `bytes */${length}`,
    });
  }
  return { start, end };
}
