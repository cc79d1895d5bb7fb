import type { z } from 'zod';

/** With its article, where it takes one. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const COUNTED: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };

/**
 * What is wrong with a value, so that it completes "imageId …": `must be a text`. Says nothing about
 * what a schema has words of its own for.
 */
export function wordingOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return KINDS[issue.expected] && `must be ${KINDS[issue.expected]}`;
    case 'invalid_value':
      if (issue.input === undefined) return 'is missing';
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_big':
      return `must ${extent(issue.origin, 'at most', issue.maximum)}`;
    case 'too_small':
      return `must ${extent(issue.origin, 'at least', issue.minimum)}`;
    default:
      return undefined;
  }
}

function extent(origin: string, bound: string, limit: number | bigint): string {
  const what = COUNTED[origin];
  return what === undefined ? `be ${bound} ${limit}` : `have ${bound} ${limit} ${what}`;
}
