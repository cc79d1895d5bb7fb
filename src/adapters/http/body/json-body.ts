import type { z } from 'zod';
import { requireJson } from './media-type.ts';
import type { BodySource } from './read-body.ts';
import { hasNoBody, readBody } from './read-body.ts';
import { invalidInput, parseStrictJson } from './strict-json.ts';
import { validate } from './validate.ts';

/** A thousand points with all their digits, or 16 KiB of metadata escaped as `\uXXXX`, fit. */
const MAX_JSON_BYTES = 256 * 1024;

/** A body that was understood: as the schema made it, and as the caller sent it. */
export interface JsonBody<Value> {
  readonly value: Value;
  /** Parsed, not changed: what a repeated request is compared by (A4). */
  readonly raw: unknown;
}

/**
 * Reads and checks a JSON body.
 * @param absent what stands for an empty body; without it, an empty body is an error
 * @throws {ProblemError} 400, 413 or 415
 */
export async function readJson<Schema extends z.ZodType>(
  source: BodySource,
  schema: Schema,
  absent?: unknown,
): Promise<JsonBody<z.output<Schema>>> {
  if (hasNoBody(source.incoming)) {
    if (absent === undefined) throw invalidInput([{ path: '', message: 'is empty' }]);
    return { value: validate(schema, absent), raw: absent };
  }
  requireJson(source.incoming);
  const bytes = await readBody(source, MAX_JSON_BYTES);
  const raw = bytes.length === 0 && absent !== undefined ? absent : parseStrictJson(bytes);
  return { value: validate(schema, raw), raw };
}
