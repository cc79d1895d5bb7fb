import { describe, expect, it } from 'vitest';
import type { ClickId } from '../../../src/core/ids.ts';
import type { Changed } from '../../../src/ports/session-store.ts';
import type { OpenEngine } from '../support.ts';
import { NOW, OVERLOADED, point, refused, Scene } from '../support.ts';

export function repeatedClicksContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} session store: accepting clicks`, () => {
    it('L1 gives the same request the same answer and applies it once', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const command = scene.command('a', point(1));
      const first = await scene.sessions.accept(scene.session, command);
      const events = await scene.appendedBy(async () => {
        const again = await scene.sessions.accept(scene.session, command);
        expect(again).toEqual({ ...first, replayed: true });
      });
      expect(events).toEqual([]);
    });

    it('L1 gives a click the same answer after it was undone, and after its object was removed', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const commands = [scene.command('a', point(1)), scene.command('a', point(2))];
      const first: Changed[] = [];
      for (const command of commands) {
        first.push(await scene.sessions.accept(scene.session, command));
      }
      const again = async () => {
        const repeats = commands.map((command) => scene.sessions.accept(scene.session, command));
        return (await Promise.all(repeats)).map(({ image: _, dirty: __, ...rest }) => rest);
      };
      const expected = first.map(({ image: _, dirty: __, ...rest }) => {
        return { ...rest, replayed: true };
      });
      expect(await again()).toEqual(expected);
      await scene.sessions.undo(scene.session, commands[0]?.clickId as ClickId, NOW);
      expect(await again()).toEqual(expected);
      await scene.remove('a');
      expect(await scene.appendedBy(async () => expect(await again()).toEqual(expected))).toEqual(
        [],
      );
      await refused(scene.object('a'), 'object_not_found');
    });

    it('A4 gives the same key and content the first answer, whatever the request', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const idempotency = { key: 'k', fingerprint: 'f' };
      const first = await scene.click('a', point(1), { idempotency });
      const events = await scene.appendedBy(async () => {
        expect(await scene.click('a', point(1), { idempotency })).toEqual({
          ...first,
          replayed: true,
        });
      });
      expect(events).toEqual([]);
    });

    it('A4 refuses the same key with other content', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1), { idempotency: { key: 'k', fingerprint: 'f' } });
      const other = scene.click('a', point(2), { idempotency: { key: 'k', fingerprint: 'g' } });
      await refused(other, 'idempotency_key_reused');
    });

    it('A4 lets a refused click be tried again with its key', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const idempotency = { key: 'k', fingerprint: 'f' };
      await refused(scene.click('a', point(1), { idempotency, ...OVERLOADED }), 'overloaded');
      const later = await scene.click('a', point(1), { idempotency });
      expect(later.replayed).toBe(false);
    });

    it('counter-example 2: a replay says whether the object still needs a call', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const command = scene.command('a', point(1));
      await scene.sessions.accept(scene.session, command);
      const before = await scene.sessions.accept(scene.session, command);
      expect(before).toMatchObject({ replayed: true, dirty: true });
      await scene.segment('a', 'm');
      const after = await scene.sessions.accept(scene.session, command);
      expect(after).toMatchObject({ replayed: true, dirty: false, revision: 1 });
    });

    it('L1 takes more clicks at one moment than one command takes', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const first = scene.command('a', point(1));
      const repeats = Array.from({ length: 40 }, () => first);
      const results = await Promise.all(
        repeats.map((command) => scene.sessions.accept(scene.session, command)),
      );
      // By two gateways, any of them may be the first.
      expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(new Set(results.map(({ clickId, revision }) => `${clickId} ${revision}`)).size).toBe(
        1,
      );
    });
  });
}
