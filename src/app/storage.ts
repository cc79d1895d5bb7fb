import { randomBytes } from 'node:crypto';
import { FolderBlobStore } from '../adapters/blobs/folder-store.ts';
import { openMemoryEngine } from '../adapters/memory/engine.ts';
import { sharedLifeMs } from '../adapters/redis/lifetimes.ts';
import { ProblemError } from '../core/problem.ts';
import type { Engine } from '../ports/engine.ts';
import type { Logger } from '../ports/system.ts';
import type { Config } from './config.ts';

/** What a gateway keeps things in. */
export interface Storage extends AsyncDisposable {
  readonly engine: Engine;
  /** With which image URLs are signed: shared by all gateways that share the blobs. */
  readonly urlSecret: Uint8Array;
}

/** The storage cannot be used as it is configured; the message says what to do. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
}

/**
 * Opens what the configuration names.
 * @throws {@link StorageError}
 */
export async function openStorage(config: Config, log: Logger): Promise<Storage> {
  const { redisUrl } = config.storage;
  if (redisUrl !== undefined) return await openShared(config, redisUrl, log);
  const { gateway: settings, maxBlobBytes } = config;
  const engine = openMemoryEngine({ settings, maxBlobBytes });
  // Of this process: URLs of a gateway that was restarted name blobs that are gone with it.
  return { engine, urlSecret: randomBytes(32), [Symbol.asyncDispose]: disposerOf(engine) };
}

async function openShared(
  { storage, maxBlobBytes, gateway: settings }: Config,
  url: string,
  log: Logger,
): Promise<Storage> {
  const { redisPrefix: prefix, blobDir, durability } = storage;
  const lifeMs = sharedLifeMs(settings.sessionTtlMs);
  const blobs = blobDir === undefined ? undefined : await openFolder(blobDir, maxBlobBytes, lifeMs);
  // Loaded when it is needed: most who try Maskwire have no Redis.
  const [{ openRedisEngine }, { RedisStartError }] = await Promise.all([
    import('../adapters/redis/engine.ts'),
    import('../adapters/redis/start-failure.ts'),
  ]);
  const options = { url, prefix, durability, settings, log, maxBlobBytes };
  const redis = await openRedisEngine(options).catch((error: unknown) => {
    if (error instanceof RedisStartError) throw new StorageError(error.message, { cause: error });
    if (!(error instanceof ProblemError && error.code === 'storage_unavailable')) throw error;
    throw new StorageError('Redis went away while this gateway was starting; start it again.', {
      cause: error,
    });
  });
  const engine = blobs === undefined ? redis : { ...redis, blobs };
  return { engine, urlSecret: redis.secret, [Symbol.asyncDispose]: disposerOf(redis) };
}

async function openFolder(folder: string, maxBytes: number, lifeMs: number) {
  try {
    return await FolderBlobStore.open({ folder, maxBytes, lifeMs });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new StorageError(
      `BLOB_DIR ${folder} cannot be written${code}: name a folder that this user owns.`,
      { cause: error },
    );
  }
}

function disposerOf(engine: Engine): () => Promise<void> {
  return async () => {
    await engine[Symbol.asyncDispose]();
  };
}
