/**
 * JSON as A2 wants it: what is wrong is named. `JSON.parse` decides what is JSON; on top of it, a name
 * given twice (of which `JSON.parse` silently keeps the last), a number beyond the range of doubles
 * (which it turns into Infinity) and the name `__proto__` are errors.
 */
import type { InputError } from '../../../core/problem.ts';
import { ProblemError } from '../../../core/problem.ts';

/** Nesting of what a caller sends. Ours is 4; free metadata may go deeper, recursion must not. */
const MAX_DEPTH = 32;
/** Problems named in one answer; a body can hold thousands. */
export const MAX_ERRORS = 20;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads UTF-8 bytes as JSON.
 * @throws {ProblemError} `invalid_request`, with the paths of what is wrong where they are known
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  const value = parse(text);
  const errors = new Scanner(text).scan();
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
  return new ProblemError('invalid_request', `${where}: ${first?.message ?? 'not valid'}`, {
    errors: errors.slice(0, MAX_ERRORS),
    cause,
  });
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

interface Frame {
  /** Names seen in an object; `undefined` for an array. */
  readonly names: Set<string> | undefined;
  /** The name or index of the value under way. */
  key: string | number;
}

/** Walks text that is known to be JSON, with a stack of its own instead of recursion. */
class Scanner {
  readonly #text: string;
  readonly #stack: Frame[] = [];
  readonly #errors: InputError[] = [];
  #at = 0;
  /** True where an object's next string is a name. */
  #expectName = false;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): readonly InputError[] {
    while (this.#at < this.#text.length && this.#errors.length < MAX_ERRORS) this.#step();
    return this.#errors;
  }

  #step(): void {
    const character = this.#text[this.#at] as string;
    if (character === '"') this.#string();
    else if (character === '{' || character === '[') this.#open(character === '{');
    else if (character === '}' || character === ']') this.#close();
    else if (character === ',') this.#next();
    else if (character === '-' || (character >= '0' && character <= '9')) this.#number();
    else this.#at += 1;
  }

  #open(object: boolean): void {
    this.#stack.push(object ? { names: new Set(), key: '' } : { names: undefined, key: 0 });
    this.#expectName = object;
    this.#at += 1;
    if (this.#stack.length <= MAX_DEPTH) return;
    this.#errors.push({ path: this.#path(), message: `is nested deeper than ${MAX_DEPTH} levels` });
    this.#at = this.#text.length;
  }

  #close(): void {
    this.#stack.pop();
    this.#expectName = false;
    this.#at += 1;
  }

  #next(): void {
    const frame = this.#stack.at(-1);
    if (frame?.names === undefined) {
      if (frame !== undefined) frame.key = Number(frame.key) + 1;
    } else this.#expectName = true;
    this.#at += 1;
  }

  #string(): void {
    const start = this.#at;
    this.#at += 1;
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === '\\' ? 2 : 1;
    this.#at += 1;
    if (this.#expectName) this.#name(JSON.parse(this.#text.slice(start, this.#at)));
  }

  #name(name: string): void {
    this.#expectName = false;
    const frame = this.#stack.at(-1);
    if (frame?.names === undefined) return;
    frame.key = name;
    if (name === '__proto__') {
      this.#errors.push({ path: this.#path(), message: 'is not allowed as a name' });
    } else if (frame.names.has(name)) {
      this.#errors.push({ path: this.#path(), message: 'is given twice' });
    }
    frame.names.add(name);
  }

  #number(): void {
    const start = this.#at;
    while (/[-+.\deE]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    if (Number.isFinite(Number(this.#text.slice(start, this.#at)))) return;
    this.#errors.push({ path: this.#path(), message: 'is beyond the range of numbers' });
  }

  #path(): string {
    return pathText(this.#stack.map((frame) => frame.key));
  }
}

/** Names and indexes are shortened: a caller may send any length, an answer stays readable. */
const MAX_NAME = 64;

/** `['points', 1, 'x']` as `points[1].x`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += `${text === '' ? '' : '.'}${String(key).slice(0, MAX_NAME)}`;
  }
  return text;
}
