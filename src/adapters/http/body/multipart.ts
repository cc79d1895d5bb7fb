import type { BusboyInstance } from '@fastify/busboy';
import { Busboy } from '@fastify/busboy';
import { ProblemError } from '../../../core/problem.ts';
import { headerOf } from '../node-http.ts';
import type { BodySource } from './read-body.ts';
import { readInto, tooLarge } from './read-body.ts';
import { invalidInput } from './strict-json.ts';

/** Boundaries and part headers of the few parts that we know. */
const OVERHEAD_BYTES = 16 * 1024;
/** Header lines of one part; a form has two or three. */
const MAX_PART_HEADERS = 16;
/** Bytes of one part's header. */
const MAX_PART_HEADER_BYTES = 4 * 1024;

/** Names of the parts that are taken, and how many bytes each may have. */
export type PartLimits = Readonly<Record<string, number>>;

/**
 * Reads a `multipart/form-data` body whose parts are all known, at most one of each name.
 * The bytes of a part are what was sent, whatever its headers say.
 * @throws {ProblemError} 400 for a broken form, an unknown or repeated part; 413 as soon as a part
 * or the whole is too large
 */
export function readMultipart(
  source: BodySource,
  limits: PartLimits,
): Promise<ReadonlyMap<string, Buffer>> {
  return new Promise((resolve, reject) => {
    const parts = new Parts(limits);
    let parser: BusboyInstance;
    try {
      parser = openParser(source, Object.keys(limits).length);
    } catch (error) {
      reject(brokenForm(error));
      return;
    }
    let failure: unknown;
    const fail = (error: unknown) => {
      failure ??= error;
      reject(failure);
    };
    parser.on('file', (name, stream) => {
      const part = parts.begin(name, fail);
      stream.on('data', (chunk: Buffer) => parts.add(part, chunk, fail));
      stream.on('error', (error) => fail(brokenForm(error)));
    });
    parser.on('partsLimit', () => fail(tooManyParts(limits)));
    parser.on('error', (error) => fail(brokenForm(error)));
    parser.on('finish', () => resolve(parts.whole()));
    readInto(source, parts.totalLimit + OVERHEAD_BYTES, {
      write(chunk) {
        // Back-pressure is not needed: everything that is kept is bounded by the limits.
        parser.write(chunk);
        if (failure !== undefined) throw failure;
      },
      end: () => parser.end(),
      fail,
    });
  });
}

function openParser({ incoming }: BodySource, count: number): BusboyInstance {
  return new Busboy({
    headers: { 'content-type': headerOf(incoming, 'content-type') ?? '' },
    isPartAFile: () => true,
    limits: {
      fieldNameSize: 100,
      headerPairs: MAX_PART_HEADERS,
      headerSize: MAX_PART_HEADER_BYTES,
      // One more than there can be: the surplus part is then refused by its name.
      parts: count + 1,
      files: count + 1,
    },
  });
}

interface Part {
  readonly name: string;
  readonly limit: number;
  readonly chunks: Buffer[];
  length: number;
}

type Fail = (error: unknown) => void;

/** What was received so far. */
class Parts {
  readonly totalLimit: number;
  readonly #limits: PartLimits;
  readonly #parts = new Map<string, Part>();

  constructor(limits: PartLimits) {
    this.#limits = limits;
    this.totalLimit = Object.values(limits).reduce((sum, limit) => sum + limit, 0);
  }

  begin(name: string, fail: Fail): Part {
    const limit = Object.hasOwn(this.#limits, name) ? this.#limits[name] : undefined;
    const part: Part = { name, limit: limit ?? 0, chunks: [], length: 0 };
    if (limit === undefined) {
      fail(invalidInput([{ path: name.slice(0, 64), message: 'is not a known part' }]));
    } else if (this.#parts.has(name)) {
      fail(invalidInput([{ path: name, message: 'is given twice' }]));
    } else this.#parts.set(name, part);
    return part;
  }

  add(part: Part, chunk: Buffer, fail: Fail): void {
    part.length += chunk.length;
    if (part.length > part.limit) fail(tooLarge(part.limit, `The part ${part.name.slice(0, 64)}`));
    else part.chunks.push(chunk);
  }

  whole(): ReadonlyMap<string, Buffer> {
    return new Map([...this.#parts].map(([name, part]) => [name, Buffer.concat(part.chunks)]));
  }
}

function brokenForm(error: unknown): ProblemError {
  const reason = error instanceof Error ? error.message : 'not readable';
  return invalidInput([{ path: '', message: `is not multipart/form-data: ${reason}` }]);
}

function tooManyParts(limits: PartLimits): ProblemError {
  const names = Object.keys(limits).join(', ');
  return new ProblemError('invalid_request', `The form has too many parts; known are: ${names}.`);
}
