/** Immutable bytes by content name. */
export interface Blob {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/**
 * Images and their companions. A blob is named by its content, so writing one twice is harmless.
 * A blob lives while a session holds it (see {@link ImageRegistry}); `get` of one that is gone is
 * `undefined`, never another content.
 */
export interface BlobStore {
  /** Rejects with `storage_unavailable` when the store is full. */
  put(id: string, blob: Blob): Promise<void>;
  get(id: string): Promise<Blob | undefined>;
  delete(id: string): Promise<void>;
}
