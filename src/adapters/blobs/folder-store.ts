import { createHash, randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ProblemError } from '../../core/problem.ts';
import type { Blob, BlobStore } from '../../ports/blob-store.ts';

/** Between two looks at what the whole folder holds; other gateways write into it, too. */
const MEASURE_MS = 30_000;
/** A leftover of a gateway that died while it wrote. */
const STALE_DRAFT_MS = 60 * 60_000;
/** Others come and leave at the same time, but not for ever. */
const MAX_ATTEMPTS = 10;
/** Somebody else was faster, or is still there. */
const IN_USE = ['ENOENT', 'ENOTEMPTY', 'EEXIST'];
/** When callers may try again. */
const RETRY_AFTER_MS = 1_000;

export interface FolderBlobStoreOptions {
  /** Shared by all gateways; on one file system, one that knows hard links. */
  readonly folder: string;
  /** Of all blobs together, about: each gateway looks every half minute. */
  readonly maxBytes: number;
  /** A blob that nobody has put or got for this long is forgotten; longer than sessions live. */
  readonly lifeMs: number;
}

/**
 * Blobs as files of a folder that several gateways share. Each holder has a hard link of its own:
 * `blobs/<id>` is what readers open, `holders/<holder>/<id>` the same file once more, so that the
 * file system itself counts the holders, and a blob that has one cannot vanish. Names are hashes; the
 * content type is the file's first line.
 */
export class FolderBlobStore implements BlobStore {
  readonly #options: FolderBlobStoreOptions;
  readonly #blobs: string;
  readonly #holders: string;
  readonly #drafts: string;
  #bytes = 0;
  #measuredAt = 0;

  private constructor(options: FolderBlobStoreOptions) {
    this.#options = options;
    this.#blobs = join(options.folder, 'blobs');
    this.#holders = join(options.folder, 'holders');
    this.#drafts = join(options.folder, 'drafts');
  }

  /** Makes what is missing of the folder; rejects when it cannot be written. */
  static async open(options: FolderBlobStoreOptions): Promise<FolderBlobStore> {
    const store = new FolderBlobStore(options);
    for (const folder of [store.#blobs, store.#holders, store.#drafts]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    await store.#measure();
    return store;
  }

  async put(id: string, blob: Blob, holder: string): Promise<void> {
    const held = join(this.#holders, hashed(holder));
    try {
      await mkdir(held, { recursive: true });
      const content = [Buffer.from(`${blob.contentType}\n`), blob.bytes];
      await this.#hold(this.#path(hashed(id)), content, join(held, hashed(id)));
    } catch (error) {
      throw failure(error);
    }
  }

  async get(id: string): Promise<Blob | undefined> {
    const name = hashed(id);
    try {
      // A moment's absence while the last holder but a new one leaves: see `#forget`.
      const file = (await contentOf(this.#path(name))) ?? (await contentOf(this.#leaving(name)));
      if (file === undefined) return undefined;
      await touch(this.#path(name));
      const end = file.indexOf('\n');
      return { contentType: file.toString('utf8', 0, end), bytes: file.subarray(end + 1) };
    } catch (error) {
      throw failure(error);
    }
  }

  async release(holder: string): Promise<void> {
    const held = join(this.#holders, hashed(holder));
    try {
      for (const name of await namesIn(held)) {
        await rm(join(held, name), { force: true });
        await this.#forget(name);
      }
      await unless(IN_USE, rmdir(held));
    } catch (error) {
      throw failure(error);
    }
  }

  /** Links the blob for the holder; written first, if it is not there or just leaving. */
  async #hold(path: string, content: readonly Uint8Array[], own: string): Promise<void> {
    if (await linked(path, own)) return await touch(path);
    const size = content.reduce((sum, part) => sum + part.byteLength, 0);
    await this.#room(size);
    const draft = join(this.#drafts, randomUUID());
    try {
      await writeFile(draft, content, { mode: 0o600 });
      // As long as the draft is there, the blob counts as held and does not leave again.
      for (let attempt = 1; !(await linked(path, own)); attempt += 1) {
        if (attempt === MAX_ATTEMPTS) throw unavailable('The store for images fails.');
        await mkdir(dirname(own), { recursive: true });
        await linked(draft, path);
      }
    } finally {
      await rm(draft, { force: true });
    }
    this.#bytes += size;
  }

  /** Forgets a blob that nobody holds, even if somebody is just beginning to. */
  async #forget(name: string): Promise<void> {
    const facts = await factsOf(this.#path(name));
    if (facts === undefined || facts.nlink > 1) return;
    const leaving = this.#leaving(name);
    await unless(['ENOENT'], rename(this.#path(name), leaving));
    // Whoever linked it before it was renamed is seen now, and gets it back.
    if (((await factsOf(leaving))?.nlink ?? 0) > 1) await linked(leaving, this.#path(name));
    await rm(leaving, { force: true });
    this.#bytes -= facts.size;
  }

  async #room(bytes: number): Promise<void> {
    if (Date.now() > this.#measuredAt + MEASURE_MS) await this.#measure();
    if (this.#bytes + bytes <= this.#options.maxBytes) return;
    throw unavailable('The store for images is full.');
  }

  /** Counts what is there, and forgets what nobody has used for a life time. */
  async #measure(): Promise<void> {
    this.#measuredAt = Date.now();
    let bytes = 0;
    const unused = Date.now() - this.#options.lifeMs;
    for (const name of await namesIn(this.#blobs)) {
      const facts = await factsOf(this.#path(name));
      if (facts !== undefined && facts.mtimeMs > unused) bytes += facts.size;
      else await rm(this.#path(name), { force: true });
    }
    await this.#sweep(this.#drafts, Date.now() - STALE_DRAFT_MS);
    for (const holder of await namesIn(this.#holders)) {
      const held = join(this.#holders, holder);
      // A young folder may be one into which somebody is just about to link.
      if (((await factsOf(held))?.mtimeMs ?? Number.POSITIVE_INFINITY) > unused) continue;
      await this.#sweep(held, unused);
      await unless(IN_USE, rmdir(held));
    }
    this.#bytes = bytes;
  }

  async #sweep(folder: string, before: number): Promise<void> {
    for (const name of await namesIn(folder)) {
      const facts = await factsOf(join(folder, name));
      if (facts !== undefined && facts.mtimeMs <= before) {
        await rm(join(folder, name), { force: true });
      }
    }
  }

  #path(name: string): string {
    return join(this.#blobs, name);
  }

  #leaving(name: string): string {
    return join(this.#drafts, `${name}.leaving`);
  }
}

/** Bounded and harmless, whatever callers chose. */
function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

async function unless(codes: readonly string[], action: Promise<unknown>): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if (codes.includes(codeOf(error))) return false;
    throw error;
  }
}

/** True when the new name is there, ours or another's; false when there is nothing to link. */
async function linked(path: string, name: string): Promise<boolean> {
  return (await unless(['EEXIST', 'ENOENT'], link(path, name))) || (await exists(name));
}

async function exists(path: string): Promise<boolean> {
  return (await factsOf(path)) !== undefined;
}

async function factsOf(path: string): Promise<Stats | undefined> {
  return await stat(path).catch((error: unknown) => missing(error));
}

async function contentOf(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch((error: unknown) => missing(error));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: unknown) => missing(error) ?? []);
}

function missing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await unless(['ENOENT'], utimes(path, now, now));
}

function unavailable(detail: string, cause?: unknown): ProblemError {
  return new ProblemError('storage_unavailable', detail, { retryAfterMs: RETRY_AFTER_MS, cause });
}

function failure(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const full = ['ENOSPC', 'EDQUOT'].includes(codeOf(error));
  return unavailable(full ? 'The store for images is full.' : 'The store for images fails', error);
}
