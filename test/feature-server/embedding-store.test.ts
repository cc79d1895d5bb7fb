import { describe, expect, it } from 'vitest';
import type { Embedding } from '../../src/feature-server/embedding-store.ts';
import { EmbeddingStore } from '../../src/feature-server/embedding-store.ts';

const embedding = (bytes: number): Embedding => ({
  data: new SharedArrayBuffer(bytes),
  width: 1,
  height: 1,
});
const never = new AbortController().signal;
const made = (bytes: number) => () => Promise.resolve(embedding(bytes));

describe('EmbeddingStore', () => {
  it('forgets the least recently used when its bytes are full', async () => {
    const store = new EmbeddingStore(100);
    await store.getOrMake('a', made(40), never);
    await store.getOrMake('b', made(40), never);
    expect(store.get('a')).toBeDefined();
    await store.getOrMake('c', made(40), never);
    expect(store.get('b')).toBeUndefined();
    expect(store.get('a')).toBeDefined();
    expect(store.get('c')).toBeDefined();
  });

  it('keeps the newest even if it alone is too large', async () => {
    const store = new EmbeddingStore(10);
    await store.getOrMake('a', made(40), never);
    expect(store.get('a')).toBeDefined();
    await store.getOrMake('b', made(40), never);
    expect(store.get('a')).toBeUndefined();
  });

  it('makes once for all who wait, and goes on while one of them does', async () => {
    const store = new EmbeddingStore(100);
    const { promise, resolve } = Promise.withResolvers<Embedding>();
    let calls = 0;
    let given: AbortSignal | undefined;
    const make = (signal: AbortSignal) => {
      calls++;
      given = signal;
      return promise;
    };
    const leaving = new AbortController();
    const first = store.getOrMake('a', make, leaving.signal);
    const second = store.getOrMake('a', make, never);
    leaving.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    expect(given?.aborted).toBe(false);
    const result = embedding(4);
    resolve(result);
    expect(await second).toBe(result);
    expect(calls).toBe(1);
  });

  it('gives up when the last has gone, and starts anew for the next', async () => {
    const store = new EmbeddingStore(100);
    const leaving = new AbortController();
    let given: AbortSignal | undefined;
    const stuck = store.getOrMake(
      'a',
      (signal) => {
        given = signal;
        return Promise.withResolvers<Embedding>().promise;
      },
      leaving.signal,
    );
    leaving.abort(new Error('gone'));
    await expect(stuck).rejects.toThrow('gone');
    expect(given?.aborted).toBe(true);
    expect(await store.getOrMake('a', made(4), never)).toBeDefined();
  });

  it('does not keep a failure', async () => {
    const store = new EmbeddingStore(100);
    const fail = () => Promise.reject(new Error('no'));
    await expect(store.getOrMake('a', fail, never)).rejects.toThrow('no');
    expect(await store.getOrMake('a', made(4), never)).toBeDefined();
  });
});
