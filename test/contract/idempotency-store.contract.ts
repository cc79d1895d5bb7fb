import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/ports/engine.ts';
import type { OpenEngine } from './support.ts';
import { NOW } from './support.ts';

const ANSWER = { status: 201, headers: { Location: '/v1/sessions/x' }, body: '{"a":1}' };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** One key, `k` with content `f`, unless told otherwise. */
const on = ({ idempotency }: Engine) => ({
  begin: (now = NOW, fingerprint = 'f') => idempotency.begin('s', 'k', fingerprint, now),
  peek: (now = NOW, fingerprint = 'f') => idempotency.peek('s', 'k', fingerprint, now),
  keep: (now = NOW, answer = ANSWER) => idempotency.keep('s', 'k', 'f', answer, now),
  abandon: () => idempotency.abandon('s', 'k'),
});

/** What every `IdempotencyStore` holds (A4). */
export function idempotencyStoreContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} idempotency store`, () => {
    it('A4 gives the first answer again', async () => {
      await using engine = await open();
      const key = on(engine);
      expect(await key.begin()).toEqual({ state: 'fresh' });
      await key.keep();
      const kept = { state: 'kept', answer: ANSWER };
      expect(await key.begin()).toEqual(kept);
      expect(await key.peek()).toEqual(kept);
    });

    it('A4 says that the first still runs', async () => {
      await using engine = await open();
      const key = on(engine);
      await key.begin();
      expect(await key.begin()).toEqual({ state: 'running' });
      expect(await key.peek()).toEqual({ state: 'running' });
    });

    it('A4 refuses other content, while the first runs and after', async () => {
      await using engine = await open();
      const key = on(engine);
      await key.begin();
      expect(await key.begin(NOW, 'g')).toEqual({ state: 'reused' });
      await key.keep();
      expect(await key.begin(NOW, 'g')).toEqual({ state: 'reused' });
      expect(await key.peek(NOW, 'g')).toEqual({ state: 'reused' });
    });

    it('A4 frees the key of a refused request, for any content', async () => {
      await using engine = await open();
      const key = on(engine);
      await key.begin();
      await key.abandon();
      expect(await key.begin(NOW, 'g')).toEqual({ state: 'fresh' });
    });

    it('A4 does not give up an answer that is kept', async () => {
      await using engine = await open();
      const key = on(engine);
      await key.begin();
      await key.keep();
      await key.abandon();
      expect(await key.peek()).toMatchObject({ state: 'kept' });
    });

    it('A4 frees the key of a runner that died after a minute', async () => {
      await using engine = await open();
      const key = on(engine);
      await key.begin();
      expect(await key.begin(NOW + MINUTE - 1)).toEqual({ state: 'running' });
      expect(await key.begin(NOW + MINUTE)).toEqual({ state: 'fresh' });
      expect(await key.begin(NOW + MINUTE)).toEqual({ state: 'running' });
    });

    it('A4 keeps answers for a day', async () => {
      await using engine = await open();
      const key = on(engine);
      await key.begin();
      await key.keep();
      expect(await key.peek(NOW + DAY - 1)).toMatchObject({ state: 'kept' });
      expect(await key.peek(NOW + DAY)).toEqual({ state: 'fresh' });
    });

    it('A4 keeps the answer that was given first', async () => {
      await using engine = await open();
      const key = on(engine);
      await key.begin();
      await key.keep();
      await key.keep(NOW, { ...ANSWER, body: 'of a late runner' });
      expect(await key.peek()).toEqual({ state: 'kept', answer: ANSWER });
    });

    it('looks without taking', async () => {
      await using engine = await open();
      const key = on(engine);
      expect(await key.peek()).toEqual({ state: 'fresh' });
      expect(await key.begin()).toEqual({ state: 'fresh' });
    });

    it('keeps scopes apart', async () => {
      await using engine = await open();
      await engine.idempotency.begin('one', 'k', 'f', NOW);
      expect(await engine.idempotency.begin('two', 'k', 'g', NOW)).toEqual({ state: 'fresh' });
    });
  });
}
