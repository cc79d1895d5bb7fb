import type { Blob, BlobStore } from '../../ports/blob-store.ts';
import type { Confirmations } from './confirmations.ts';
import type { RedisConnections } from './connections.ts';
import type { RedisKeys } from './keys.ts';
import { run, script } from './scripts.ts';

const BLOBS = {
  reserve: script<[generation: string, replicationId: string]>('blobs/reserve-5'),
  write: script<[there: 0 | 1, replicationId: string]>('blobs/write-1'),
  find: script<[generation: string, contentType: string] | null>('blobs/find-5'),
  release: script<string[]>('blobs/release-5'),
} as const;

export interface BlobStoreOptions {
  readonly connections: Pick<RedisConnections, 'commands' | 'blobs'>;
  readonly confirmations: Pick<Confirmations, 'confirm'>;
  readonly keys: RedisKeys;
  /** Of all blobs together; more are refused, since what somebody holds is never evicted. */
  readonly maxBytes: number;
  /** A blob that nobody has put or got for this long is forgotten; longer than sessions live. */
  readonly lifeMs: number;
}

/**
 * Blobs in Redis: an index that says who holds what, and a key for the bytes of each, written and
 * read on a connection of their own. A blob that was forgotten and is put again has another
 * generation, and with it another key: what deletes the old bytes late cannot hit the new ones.
 */
export class RedisBlobStore implements BlobStore {
  readonly #options: BlobStoreOptions;

  constructor(options: BlobStoreOptions) {
    this.#options = options;
  }

  async put(id: string, { bytes, contentType }: Blob, holder: string): Promise<void> {
    const { connections, confirmations, maxBytes, lifeMs } = this.#options;
    const index = this.#index;
    const args = [id, bytes.byteLength, contentType, holder, maxBytes, lifeMs];
    const [generation, reserved] = await run(connections.commands, BLOBS.reserve, index, args);
    const key = this.#key(id, generation);
    const written = await this.#write(key, bytes);
    await Promise.all([
      confirmations.confirm(index[0] ?? '', reserved),
      confirmations.confirm(key, written),
    ]);
  }

  /** Sends the bytes unless they are there; the replication id of the server that has them. */
  async #write(key: string, bytes: Uint8Array): Promise<string> {
    const { connections, lifeMs } = this.#options;
    // Whoever reserved it first may have died before it wrote.
    const [there, replicationId] = await run(connections.blobs, BLOBS.write, [key], [lifeMs]);
    if (there === 1) return replicationId;
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const [, writtenTo] = await run(connections.blobs, BLOBS.write, [key], [lifeMs, value]);
    return writtenTo;
  }

  async get(id: string): Promise<Blob | undefined> {
    const { connections, lifeMs } = this.#options;
    const found = await run(connections.commands, BLOBS.find, this.#index, [id, lifeMs]);
    if (found === null) return undefined;
    const [generation, contentType] = found;
    const key = this.#key(id, generation);
    const bytes = await connections.blobs.use(
      (client) => client.getexBuffer(key, 'PX', lifeMs),
      key,
    );
    return bytes === null ? undefined : { bytes, contentType };
  }

  async release(holder: string): Promise<void> {
    const { connections } = this.#options;
    const forgotten = await run(connections.commands, BLOBS.release, this.#index, [holder]);
    const keys = forgotten.flatMap((id, at) =>
      at % 2 ? [] : this.#key(id, forgotten[at + 1] ?? ''),
    );
    const deleted = keys.map((key) => connections.blobs.use((client) => client.unlink(key), key));
    // The index has forgotten them; bytes that cannot be deleted now go when their life is over.
    await Promise.allSettled(deleted);
  }

  get #index(): readonly string[] {
    return this.#options.keys.blobIndex();
  }

  #key(id: string, generation: string): string {
    return this.#options.keys.blob(id, generation);
  }
}
