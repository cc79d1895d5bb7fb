/**
 * What `JSON.parse` takes silently and readers should not: a name given twice (of which it keeps the
 * last), a number beyond the range of doubles (which it turns into Infinity), the name `__proto__`, and
 * nesting without end.
 */
import type { InputError } from './problem.ts';

/** Nesting of what anybody sends. Ours is 4; free metadata may go deeper, recursion must not. */
const MAX_DEPTH = 32;

/**
 * The flaws of a JSON text, with their paths; the first `most` of them. Whether it is JSON at all
 * `JSON.parse` says, before or after: of any other text this finds something or nothing. Takes time in
 * proportion to the length and memory to the names; what nests too deeply, or has more than `mostParts`
 * names, texts and numbers, is not walked any further.
 */
export function jsonFlaws(
  text: string,
  most: number,
  mostParts = Number.POSITIVE_INFINITY,
): readonly InputError[] {
  return new Scanner(text, most, mostParts).scan();
}

interface Frame {
  /** Names seen in an object; `undefined` for an array. */
  readonly names: Set<string> | undefined;
  /** The name or index of the value under way. */
  key: string | number;
}

/** Walks the text with a stack of its own instead of recursion. */
class Scanner {
  readonly #text: string;
  readonly #most: number;
  #partsLeft: number;
  readonly #stack: Frame[] = [];
  readonly #errors: InputError[] = [];
  #at = 0;
  /** True where an object's next string is a name. */
  #expectName = false;

  constructor(text: string, most: number, mostParts: number) {
    this.#text = text;
    this.#most = most;
    this.#partsLeft = mostParts;
  }

  scan(): readonly InputError[] {
    while (this.#at < this.#text.length && this.#errors.length < this.#most) this.#step();
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
    if (this.#stack.length > MAX_DEPTH) this.#stop(`is nested deeper than ${MAX_DEPTH} levels`);
  }

  #stop(message: string): void {
    this.#errors.push({ path: this.#path(), message });
    this.#at = this.#text.length;
  }

  #count(): void {
    this.#partsLeft -= 1;
    if (this.#partsLeft < 0) this.#stop('and what is before it are too many parts');
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
    this.#at = endOfString(this.#text, start);
    if (this.#expectName) this.#name(unquoted(this.#text.slice(start, this.#at)));
    this.#count();
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
    if (!Number.isFinite(Number(this.#text.slice(start, this.#at)))) {
      this.#errors.push({ path: this.#path(), message: 'is beyond the range of numbers' });
    }
    this.#count();
  }

  #path(): string {
    return pathText(this.#stack.map((frame) => frame.key));
  }
}

/** Where the string that begins at `start` has ended; texts of 100 KB are strings for the most part. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end + 1;
}

function unquoted(string: string): string {
  try {
    return JSON.parse(string);
  } catch {
    return string;
  }
}

/** After an odd number of backslashes. */
function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
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
