import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderBlobStore } from '../../src/adapters/blobs/folder-store.ts';
import type { Engine } from '../../src/ports/engine.ts';
import { blobStoreContract } from '../contract/blob-store.contract.ts';
import { refused } from '../contract/support.ts';

const HOUR_MS = 3_600_000;
const blob = (bytes: number) => ({
  bytes: new Uint8Array(bytes).fill(10),
  contentType: 'image/png',
});

async function scratch() {
  const folder = await mkdtemp(join(tmpdir(), 'maskwire-blobs-'));
  const open = (more: { maxBytes?: number; lifeMs?: number } = {}) =>
    FolderBlobStore.open({ folder, maxBytes: 10_000, lifeMs: HOUR_MS, ...more });
  const files = async () =>
    (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const end = () => rm(folder, { recursive: true, force: true });
  return { folder, open, files, [Symbol.asyncDispose]: end };
}

blobStoreContract('folder', async () => {
  const folder = await scratch();
  const parts: Pick<Engine, 'blobs'> & AsyncDisposable = {
    blobs: await folder.open(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
  // The suite asks for no other port.
  return parts as Engine;
});

describe('folder of blobs', () => {
  it('is one store for all gateways, and outlives them', async () => {
    await using folder = await scratch();
    const [one, two] = [await folder.open(), await folder.open()];
    await one.put('a', blob(5), 'one');
    await two.put('a', blob(5), 'two');
    await one.release('one');
    const later = await folder.open();
    expect(await later.get('a')).toEqual({
      bytes: Buffer.alloc(5, 10),
      contentType: 'image/png',
    });
    await later.release('two');
    expect(await folder.files()).toEqual([]);
  });

  it('loses no blob to which somebody comes while somebody else leaves', async () => {
    await using folder = await scratch();
    const [one, two] = [await folder.open(), await folder.open()];
    for (let round = 0; round < 100; round += 1) {
      await one.put('a', blob(5), 'leaves');
      await Promise.all([one.release('leaves'), two.put('a', blob(5), 'comes')]);
      expect(await one.get('a')).toBeDefined();
      await two.release('comes');
      expect(await folder.files()).toEqual([]);
    }
  });

  it('counts those who put the same blob at the same time', async () => {
    await using folder = await scratch();
    const store = await folder.open();
    const holders = Array.from({ length: 10 }, (_, n) => `holder ${n}`);
    await Promise.all(holders.map((holder) => store.put('a', blob(5), holder)));
    for (const holder of holders) {
      expect(await store.get('a')).toBeDefined();
      await store.release(holder);
    }
    expect(await folder.files()).toEqual([]);
  });

  it('refuses what would be too much, and takes it when there is room', async () => {
    await using folder = await scratch();
    const store = await folder.open({ maxBytes: 100 });
    await store.put('a', blob(60), 'one');
    await refused(store.put('b', blob(60), 'two'), 'storage_unavailable');
    await store.put('a', blob(60), 'two');
    await store.release('one');
    await store.release('two');
    await store.put('b', blob(60), 'two');
    await refused(
      (await folder.open({ maxBytes: 100 })).put('c', blob(60), 'x'),
      'storage_unavailable',
    );
    expect(await store.get('b')).toBeDefined();
  });

  it('forgets what nobody has used for a life time', async () => {
    await using folder = await scratch();
    const store = await folder.open();
    await store.put('a', blob(5), 'one');
    await store.put('b', blob(5), 'one');
    for (const file of await folder.files()) {
      const old = new Date(Date.now() - 2 * HOUR_MS);
      await utimes(join(file.parentPath, file.name), old, old);
    }
    await store.get('b');
    const later = await folder.open();
    expect(await later.get('a')).toBeUndefined();
    expect(await later.get('b')).toBeDefined();
  });

  it('says storage_unavailable when the folder fails', async () => {
    await using folder = await scratch();
    const store = await folder.open();
    await rm(folder.folder, { recursive: true });
    await refused(store.put('a', blob(5), 'one'), 'storage_unavailable');
    expect(await store.get('a')).toBeUndefined();
  });
});
