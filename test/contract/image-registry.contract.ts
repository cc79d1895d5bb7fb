import { describe, expect, it } from 'vitest';
import { serverId, tenant } from '../../src/core/ids.ts';
import type { OpenEngine } from './support.ts';
import { FAILED, freshSessionId, imageNamed, TENANT } from './support.ts';

const KEY = { tenant: TENANT, imageId: imageNamed('cat') };
const [A, B] = [serverId('a'), serverId('b')];
const made = (fence: string) => ({ fence, id: `emb-${fence}` });
const READY = { state: 'ready', embeddings: { [A]: made('1') } } as const;
const PREPARING = { state: 'preparing' } as const;

/** What every `ImageRegistry` holds. */
export function imageRegistryContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} image registry`, () => {
    it('A11 prepares once for all sessions of a tenant', async () => {
      await using engine = await open();
      const sessions = [freshSessionId(), freshSessionId()] as const;
      expect(await engine.images.join(KEY, sessions[0], false)).toEqual(PREPARING);
      expect(await engine.images.join(KEY, sessions[1], false)).toEqual(PREPARING);
      const holders = await engine.images.settle(KEY, READY);
      expect(holders.toSorted()).toEqual(sessions.toSorted());
      expect(await engine.images.find(KEY)).toEqual(READY);
      expect(await engine.images.join(KEY, freshSessionId(), true)).toEqual(READY);
    });

    it('A11 keeps tenants, and images with and without reference, apart', async () => {
      await using engine = await open();
      await engine.images.join(KEY, freshSessionId(), false);
      await engine.images.settle(KEY, READY);
      const others = [
        { ...KEY, tenant: tenant('another') },
        { ...KEY, reference: 'blob-1' },
        { ...KEY, imageId: imageNamed('dog') },
      ];
      for (const other of others) {
        expect(await engine.images.find(other)).toBeUndefined();
        expect(await engine.images.join(other, freshSessionId(), false)).toEqual(PREPARING);
      }
    });

    it('A11 begins a failed preparation anew only when it is asked to', async () => {
      await using engine = await open();
      const failed = { state: 'failed', problem: FAILED } as const;
      const session = freshSessionId();
      await engine.images.join(KEY, session, false);
      await engine.images.settle(KEY, failed);
      expect(await engine.images.join(KEY, session, false)).toEqual(failed);
      expect(await engine.images.join(KEY, session, true)).toEqual(PREPARING);
      expect(await engine.images.find(KEY)).toEqual(PREPARING);
    });

    it('counts a session once however often it joins', async () => {
      await using engine = await open();
      const session = freshSessionId();
      await engine.images.join(KEY, session, false);
      await engine.images.join(KEY, session, false);
      expect(await engine.images.settle(KEY, READY)).toEqual([session]);
      await engine.images.leave(KEY, session);
      expect(await engine.images.find(KEY)).toBeUndefined();
    });

    it('forgets a preparation when the last session has left', async () => {
      await using engine = await open();
      const [one, two] = [freshSessionId(), freshSessionId()];
      await engine.images.join(KEY, one, false);
      await engine.images.join(KEY, two, false);
      await engine.images.settle(KEY, READY);
      await engine.images.leave(KEY, one);
      await engine.images.leave(KEY, one);
      expect(await engine.images.find(KEY)).toEqual(READY);
      await engine.images.leave(KEY, two);
      expect(await engine.images.find(KEY)).toBeUndefined();
      expect(await engine.images.join(KEY, one, false)).toEqual(PREPARING);
    });

    it('B2 knows of each server what it has, and keeps the rest when one has lost its own', async () => {
      await using engine = await open();
      const session = freshSessionId();
      await engine.images.join(KEY, session, false);
      await engine.images.settle(KEY, READY);
      const failed = {
        fence: '2',
        failed: { code: 'feature_server_failed', detail: 'ä "/"' },
      } as const;
      await engine.images.settle(KEY, { state: 'ready', embeddings: { [B]: failed } });
      const both = { state: 'ready', embeddings: { [A]: made('1'), [B]: failed } };
      expect(await engine.images.find(KEY)).toEqual(both);
      await engine.images.settle(KEY, { state: 'ready', embeddings: { [B]: made('3') } });
      const rest = { state: 'ready', embeddings: { [B]: made('3') } };
      expect(await engine.images.lose(KEY, A, '1')).toEqual(rest);
      expect(await engine.images.find(KEY)).toEqual(rest);
      expect(await engine.images.join(KEY, freshSessionId(), true)).toEqual(rest);
      expect(await engine.images.lose(KEY, B, '3')).toEqual({ state: 'ready', embeddings: {} });
      await engine.images.settle(KEY, READY);
      expect(await engine.images.find(KEY)).toEqual(READY);
      await engine.images.leave(KEY, session);
    });

    it('B5 an embedding that was made anew is not lost with the one before', async () => {
      await using engine = await open();
      await engine.images.join(KEY, freshSessionId(), false);
      expect(await engine.images.lose(KEY, A, '1')).toEqual(PREPARING);
      await engine.images.settle(KEY, READY);
      await engine.images.settle(KEY, { state: 'ready', embeddings: { [A]: made('2') } });
      const renewed = { state: 'ready', embeddings: { [A]: made('2') } };
      expect(await engine.images.lose(KEY, A, '1')).toEqual(renewed);
      expect(await engine.images.lose(KEY, B, '2')).toEqual(renewed);
      expect(await engine.images.lose({ ...KEY, reference: 'none' }, A, '1')).toBeUndefined();
    });

    it('records nothing for content that nobody holds', async () => {
      await using engine = await open();
      expect(await engine.images.settle(KEY, READY)).toEqual([]);
      expect(await engine.images.find(KEY)).toBeUndefined();
      await engine.images.leave(KEY, freshSessionId());
      expect(await engine.images.find(KEY)).toBeUndefined();
    });
  });
}
