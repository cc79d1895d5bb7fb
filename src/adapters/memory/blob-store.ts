import { ProblemError } from '../../core/problem.ts';
import type { Blob, BlobStore } from '../../ports/blob-store.ts';

interface Held {
  readonly blob: Blob;
  readonly holders: Set<string>;
}

/** Blobs in memory, refused beyond a number of bytes: what somebody holds is never evicted. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<string, Held>();
  readonly #holdings = new Map<string, Set<string>>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  async put(id: string, blob: Blob, holder: string): Promise<void> {
    const held = this.#blobs.get(id) ?? this.#admit(id, blob);
    held.holders.add(holder);
    const holdings = this.#holdings.get(holder) ?? new Set();
    this.#holdings.set(holder, holdings.add(id));
  }

  async get(id: string): Promise<Blob | undefined> {
    return this.#blobs.get(id)?.blob;
  }

  async release(holder: string): Promise<void> {
    for (const id of this.#holdings.get(holder) ?? []) {
      const held = this.#blobs.get(id);
      held?.holders.delete(holder);
      if (held?.holders.size === 0) this.#forget(id, held);
    }
    this.#holdings.delete(holder);
  }

  #admit(id: string, blob: Blob): Held {
    if (this.#bytes + blob.bytes.byteLength > this.#maxBytes) {
      throw new ProblemError('storage_unavailable', 'The store for images is full.');
    }
    this.#bytes += blob.bytes.byteLength;
    const held: Held = { blob, holders: new Set() };
    this.#blobs.set(id, held);
    return held;
  }

  #forget(id: string, { blob }: Held): void {
    this.#bytes -= blob.bytes.byteLength;
    this.#blobs.delete(id);
  }
}
