/** Query parameters and headers. Unknown ones are ignored (A2), so these objects are not strict. */
import { z } from 'zod';
import { HEADERS, QUERY } from '../../../protocol/routes.ts';
import { DEFAULT_PAGE_EVENTS, MAX_PAGE_EVENTS, MAX_WAIT_SECONDS } from './limits.ts';

/** A number written out in full: `Number` alone would take `''`, `0x1e` and `1e1`. */
const decimal = (digits: RegExp, minimum: number, maximum: number, description: string) =>
  z
    .string()
    .regex(digits, { error: `must be a number from ${minimum} to ${maximum}` })
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum))
    .meta({
      description,
      // Text on the wire, a number to readers of the document.
      override: ({ jsonSchema }) => {
        delete jsonSchema.pattern;
        Object.assign(jsonSchema, { type: 'number', minimum, maximum });
      },
    });

const wait = decimal(
  /^\d{1,6}(\.\d{1,6})?$/,
  0,
  MAX_WAIT_SECONDS,
  'Hold the request for so many seconds at most.',
).optional();

export const WaitQuerySchema = z.object({ [QUERY.wait]: wait });

/** Where to begin. Any text is taken: what cannot be read is answered with a reset (A24). */
const position = {
  [QUERY.after]: z.string().optional().meta({
    description: 'Events after this cursor; `start` for everything that is kept.',
  }),
  [QUERY.lastEventId]: z.string().optional().meta({ description: 'The same as `after`.' }),
};

export const EventsQuerySchema = z.object({
  ...position,
  [QUERY.wait]: wait,
  [QUERY.limit]: decimal(/^\d{1,9}$/, 1, MAX_PAGE_EVENTS, 'Events of a page.').default(
    DEFAULT_PAGE_EVENTS,
  ),
  [QUERY.participant]: z
    .string()
    .optional()
    .meta({ description: 'Who reads, for `participants`.' }),
});

export const ExportQuerySchema = z.object({ [QUERY.format]: z.enum(['coco']).default('coco') });

const IdempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, { error: 'must be 1–255 visible ASCII characters' });

export const IdempotencyHeaderSchema = z.object({
  [HEADERS.idempotencyKey]: IdempotencyKeySchema.optional().meta({
    description: 'The same key and content: the first answer again.',
  }),
});

export const PreferHeaderSchema = z.object({
  [HEADERS.prefer]: z.string().optional().meta({ description: '`wait=S` (RFC 7240)' }),
});

export const LastEventIdHeaderSchema = z.object({
  [HEADERS.lastEventId]: z.string().optional().meta({ description: 'Wins over `after`.' }),
});
