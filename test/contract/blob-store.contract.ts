import { describe, expect, it } from 'vitest';
import type { OpenEngine } from './support.ts';

const blob = (text: string) => ({
  bytes: new TextEncoder().encode(text),
  contentType: 'image/png',
});

/** What every `BlobStore` holds. */
export function blobStoreContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} blob store`, () => {
    it('A10 gives back the bytes and their type', async () => {
      await using engine = await open();
      await engine.blobs.put('sha256-a', blob('some bytes'), 'holder');
      const found = await engine.blobs.get('sha256-a');
      expect(found?.contentType).toBe('image/png');
      expect(Buffer.from(found?.bytes ?? []).toString()).toBe('some bytes');
    });

    it('has nothing of a name that nobody put', async () => {
      await using engine = await open();
      expect(await engine.blobs.get('sha256-none')).toBeUndefined();
    });

    it('keeps a blob while anybody holds it', async () => {
      await using engine = await open();
      await engine.blobs.put('sha256-a', blob('x'), 'one');
      await engine.blobs.put('sha256-a', blob('x'), 'two');
      await engine.blobs.release('one');
      await engine.blobs.release('one');
      expect(await engine.blobs.get('sha256-a')).toBeDefined();
      await engine.blobs.release('two');
      expect(await engine.blobs.get('sha256-a')).toBeUndefined();
    });

    it('holds once what the same holder puts twice', async () => {
      await using engine = await open();
      await engine.blobs.put('sha256-a', blob('x'), 'one');
      await engine.blobs.put('sha256-a', blob('x'), 'one');
      await engine.blobs.release('one');
      expect(await engine.blobs.get('sha256-a')).toBeUndefined();
    });

    it('forgets everything of a holder at once, and nothing of others', async () => {
      await using engine = await open();
      await engine.blobs.put('sha256-a', blob('x'), 'one');
      await engine.blobs.put('sha256-b', blob('y'), 'one');
      await engine.blobs.put('sha256-c', blob('z'), 'two');
      await engine.blobs.release('one');
      await engine.blobs.release('nobody');
      expect(await engine.blobs.get('sha256-a')).toBeUndefined();
      expect(await engine.blobs.get('sha256-b')).toBeUndefined();
      expect(await engine.blobs.get('sha256-c')).toBeDefined();
    });

    it('takes a blob again that was forgotten', async () => {
      await using engine = await open();
      await engine.blobs.put('sha256-a', blob('x'), 'one');
      await engine.blobs.release('one');
      await engine.blobs.put('sha256-a', blob('x'), 'two');
      expect(await engine.blobs.get('sha256-a')).toBeDefined();
    });
  });
}
