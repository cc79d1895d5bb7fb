import { InvalidArgumentError } from 'commander';
import { BadValue } from '../config/variable.ts';

/** A parser of variables for use with commander: a bad value becomes a usage error. */
export function argument<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof BadValue ? usageError(error) : error;
    }
  };
}

/** Like {@link argument}, for an option that may be given several times. */
export function repeated<Value>(
  parse: (text: string) => Value,
): (text: string, earlier: readonly Value[] | undefined) => readonly Value[] {
  const one = argument(parse);
  return (text, earlier = []) => [...earlier, one(text)];
}

function usageError(cause: BadValue): InvalidArgumentError {
  return Object.assign(new InvalidArgumentError(`It ${cause.message}.`), { cause });
}
