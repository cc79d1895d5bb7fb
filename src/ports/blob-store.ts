/** Immutable bytes by content name. */
export interface Blob {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/**
 * Images and their companions. A blob is named by its content, so writing one twice is harmless,
 * and lives while anybody holds it. `get` of one that is gone is `undefined`, never other content.
 */
export interface BlobStore {
  /**
   * Keeps the blob for `holder`, besides those who hold it already.
   * Rejects with `storage_unavailable` when the store is full.
   */
  put(id: string, blob: Blob, holder: string): Promise<void>;
  get(id: string): Promise<Blob | undefined>;
  /** The holder needs nothing any more; blobs that nobody else holds are forgotten. */
  release(holder: string): Promise<void>;
}
