import type { z } from 'zod';
import { pathText } from '../../../core/json-flaws.ts';
import type { InputError } from '../../../core/problem.ts';
import { wordingOf } from './issue-wording.ts';
import { invalidInput } from './strict-json.ts';

/**
 * Checks a value against a schema.
 * @throws {ProblemError} `invalid_request` that names every field that is wrong or unknown (A2)
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value, { error: wordingOf });
  if (result.success) return result.data;
  throw invalidInput(result.error.issues.flatMap(inputErrors));
}

function inputErrors(issue: z.core.$ZodIssue): readonly InputError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      message: 'is not a known field',
    }));
  }
  return [{ path: pathText(issue.path), message: issue.message }];
}
