import { describe, expect, it } from 'vitest';
import type { SessionId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { Participant, PassingFrame } from '../../src/protocol/events.ts';
import type { OpenEngine } from './support.ts';
import { NOW, Scene, within } from './support.ts';

const FOR_MS = 60_000;

const participant = (participantId: string, joinedMs = 0): Participant => ({
  participantId,
  joinedAt: new Date(NOW + joinedMs).toISOString(),
});
const [ada, bob, eve] = [participant('ada', 0), participant('bob', 1), participant('eve', 2)];

function announce(
  { presence }: Engine,
  session: SessionId,
  gatewayId: string,
  participants: readonly Participant[],
  afterMs = 0,
) {
  return presence.announce(session, { gatewayId, participants, forMs: FOR_MS }, NOW + afterMs);
}

const names = (participants: readonly Participant[]) =>
  participants.map(({ participantId }) => participantId);

/** What the readers of a session are told, and a way to wait for it. */
async function listen({ log }: Engine, session: SessionId) {
  const told: (readonly string[])[] = [];
  let wake = () => {};
  const end = await log.subscribe(session, {
    appended: () => undefined,
    passing: (frame) => {
      expect(frame.type).toBe('presence.updated');
      told.push(names((frame as PassingFrame<'presence.updated'>).payload.participants));
      wake();
    },
  });
  const until = async (count: number) => {
    while (told.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await within(`${count} frames`, promise);
    }
    return told;
  };
  return { told, until, end };
}

/** What every `PresenceBook` holds (A7, A22). */
export function presenceBookContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} presence book`, () => {
    it('A7 joins what all gateways say, in the order in which people joined', async () => {
      await using engine = await open();
      const { session } = await Scene.open(engine);
      expect(await engine.presence.list(session, NOW)).toEqual([]);
      await announce(engine, session, 'one', [eve, ada]);
      await announce(engine, session, 'two', [bob]);
      expect(await engine.presence.list(session, NOW)).toEqual([ada, bob, eve]);
      await announce(engine, session, 'one', [ada]);
      expect(await engine.presence.list(session, NOW)).toEqual([ada, bob]);
      await announce(engine, session, 'one', []);
      await announce(engine, session, 'two', []);
      expect(await engine.presence.list(session, NOW)).toEqual([]);
    });

    it('A7 counts somebody once who reads through two gateways, from the first time on', async () => {
      await using engine = await open();
      const { session } = await Scene.open(engine);
      await announce(engine, session, 'one', [participant('ada', 5)]);
      await announce(engine, session, 'two', [participant('ada', 3)]);
      expect(await engine.presence.list(session, NOW)).toEqual([participant('ada', 3)]);
    });

    it('A7 forgets a gateway that says nothing any more', async () => {
      await using engine = await open();
      const { session } = await Scene.open(engine);
      await announce(engine, session, 'one', [ada]);
      await announce(engine, session, 'two', [bob], 1_000);
      expect(await engine.presence.list(session, NOW + FOR_MS - 1)).toEqual([ada, bob]);
      expect(await engine.presence.list(session, NOW + FOR_MS)).toEqual([bob]);
    });

    it('A22 tells the readers each change of the list, and nothing else', async () => {
      await using engine = await open();
      const { session } = await Scene.open(engine);
      const other = await Scene.open(engine);
      const heard = await listen(engine, session);
      await announce(engine, session, 'one', [ada]);
      await announce(engine, session, 'one', [ada], 10);
      await announce(engine, session, 'two', [ada], 20);
      await announce(engine, other.session, 'one', [eve], 20);
      await announce(engine, session, 'two', [ada, bob], 30);
      await announce(engine, session, 'one', [], 40);
      await announce(engine, session, 'two', [], 50);
      expect(await heard.until(3)).toEqual([['ada'], ['ada', 'bob'], []]);
      heard.end();
    });

    it('A22 tells when a gateway was forgotten, as soon as another one says anything', async () => {
      await using engine = await open();
      const { session } = await Scene.open(engine);
      const heard = await listen(engine, session);
      await announce(engine, session, 'one', [ada]);
      await announce(engine, session, 'two', [bob]);
      await announce(engine, session, 'two', [bob], FOR_MS);
      await announce(engine, session, 'three', [], 2 * FOR_MS);
      expect(await heard.until(4)).toEqual([['ada'], ['ada', 'bob'], ['bob'], []]);
      heard.end();
    });
  });
}
