/** JSON as A2 wants it: what is wrong is named. `JSON.parse` decides what is JSON. */
import { jsonFlaws } from '../../../core/json-flaws.ts';
import type { InputError } from '../../../core/problem.ts';
import { MAX_INPUT_ERRORS, ProblemError } from '../../../core/problem.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads UTF-8 bytes as JSON.
 * @throws {ProblemError} `invalid_request`, with the paths of what is wrong where they are known
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  const value = parse(text);
  const errors = jsonFlaws(text, MAX_INPUT_ERRORS);
  if (errors.length > 0) throw invalidInput(errors);
  return value;
}

/** @throws {ProblemError} `invalid_request` when the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw invalidInput([{ path: '', message: 'is not UTF-8' }], error);
  }
}

/** What to answer for input with these errors. */
export function invalidInput(errors: readonly InputError[], cause?: unknown): ProblemError {
  const [first] = errors;
  const where = first === undefined || first.path === '' ? 'The body' : first.path;
  const what = first?.message ?? 'is not valid';
  // Most messages complete the sentence that the name begins.
  const detail = /^[a-z]/.test(what) ? `${where} ${what}.` : `${where}: ${what}`;
  return new ProblemError('invalid_request', detail, { errors, cause });
}

function parse(text: string): unknown {
  if (text.trim() === '') throw invalidInput([{ path: '', message: 'is empty' }]);
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = `is not JSON: ${(error as Error).message}`;
    throw invalidInput([{ path: '', message }], error);
  }
}
