import { accepts } from 'hono/accepts';
import type { Call } from './node-http.ts';

/** One range of an `Accept` header. */
interface MediaRange {
  readonly type: string;
  readonly q: number;
}

/** The `Accept` header comes from anyone; ranges beyond this many do not count. */
const MAX_RANGES = 32;

/**
 * True when the caller's `Accept` prefers JSON to `other`: a strictly greater quality. An absent
 * header, ranges that take anything, and ties mean `other`; nothing is ever unacceptable (A18).
 */
export function prefersJson(call: Call, other: string): boolean {
  let prefers = false;
  accepts(call, {
    header: 'Accept',
    supports: [],
    default: '',
    match: (ranges) => {
      prefers = quality(ranges, 'application/json') > quality(ranges, other);
      return '';
    },
  });
  return prefers;
}

/** The quality of the most specific range that a type falls into (RFC 9110, 12.5.1). */
function quality(ranges: readonly MediaRange[], type: string): number {
  const [group] = type.split('/');
  let best = { specificity: 0, q: 0 };
  for (const range of ranges.slice(0, MAX_RANGES)) {
    const specificity = [undefined, '*/*', `${group}/*`, type].indexOf(range.type.toLowerCase());
    if (specificity > best.specificity) best = { specificity, q: range.q };
  }
  return best.q;
}
