import { describe, expect, it } from 'vitest';
import type { SessionId } from '../../src/core/ids.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import type { PassingFrame } from '../../src/protocol/events.ts';
import type { OpenEngine } from './support.ts';
import {
  CONTRACT_SETTINGS,
  freshSessionId,
  point,
  Scene,
  TENANT,
  typesOf,
  within,
} from './support.ts';

const KEPT = CONTRACT_SETTINGS.historyEvents;
const FRAME: PassingFrame<'queue.updated'> = {
  type: 'queue.updated',
  timestamp: new Date(0).toISOString(),
  payload: {
    objectId: 'a' as PassingFrame<'queue.updated'>['payload']['objectId'],
    position: 1,
    etaMs: 2,
  },
};

/** Notes what a subscriber is told, and lets a test wait for it. */
class Ear {
  readonly events: LoggedEvent[] = [];
  readonly frames: PassingFrame[] = [];
  #waiting: { readonly done: () => boolean; readonly resolve: () => void }[] = [];

  readonly listener = {
    appended: (events: readonly LoggedEvent[]) => {
      this.events.push(...events);
      this.#check();
    },
    passing: (frame: PassingFrame) => {
      this.frames.push(frame);
      this.#check();
    },
  };

  async until(label: string, done: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ done, resolve });
    this.#check();
    await within(label, promise);
  }

  #check(): void {
    for (const { done, resolve } of this.#waiting) if (done()) resolve();
    this.#waiting = this.#waiting.filter(({ done }) => !done());
  }
}

/** Appends `count` events that merely change a label. */
async function fill(scene: Scene, count: number): Promise<void> {
  await scene.click('a');
  const { objectId } = await scene.object('a');
  for (let n = 1; n < count; n += 1) {
    await scene.sessions.patchObject(scene.session, objectId, { label: `${n}` }, scene.tick());
  }
}

/** What every engine's `EventLog` holds. */
export function eventLogContract(engineName: string, open: OpenEngine): void {
  describe(`${engineName} event log: reading`, () => {
    it('A19 numbers entries 1, 2, 3 … within one epoch', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await fill(scene, 5);
      const { epoch } = await scene.position();
      const events = await scene.eventsAfter({ epoch, sequence: 0 });
      expect(events.map((event) => event.position)).toEqual(
        [1, 2, 3, 4, 5, 6, 7].map((sequence) => ({ epoch, sequence })),
      );
      expect(typesOf(events).slice(0, 3)).toEqual([
        'session.opened',
        'image.added',
        'click.accepted',
      ]);
    });

    it('reads pages of at most the limit, whatever the epoch of the position', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await fill(scene, 5);
      const page = await engine.log.read(scene.session, { epoch: 1, sequence: 3 }, 2);
      expect(page?.events.map((event) => event.position.sequence)).toEqual([4, 5]);
      expect(page?.extent).toMatchObject({ first: 1, last: 7 });
    });

    it('reads nothing after the newest entry, but says what there is', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const position = await scene.position();
      for (const sequence of [position.sequence, position.sequence + 10]) {
        const page = await engine.log.read(scene.session, { ...position, sequence }, 10);
        expect(page).toEqual({
          events: [],
          extent: { epoch: position.epoch, first: 1, last: position.sequence },
        });
      }
    });

    it('reads an entry the same however often', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await scene.click('a', point(1), { clientRef: 'r' });
      const start = { epoch: 0, sequence: 0 };
      expect(await scene.eventsAfter(start)).toEqual(await scene.eventsAfter(start));
    });

    it(`A24 keeps exactly the newest ${KEPT}`, async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      await fill(scene, KEPT - 2);
      expect(await engine.log.extent(scene.session)).toMatchObject({ first: 1, last: KEPT });
      await scene.click('b', point(2));
      expect(await engine.log.extent(scene.session)).toMatchObject({ first: 2, last: KEPT + 1 });
      const events = await scene.eventsAfter({ epoch: 0, sequence: 0 });
      expect(events).toHaveLength(KEPT);
      expect(events[0]?.position.sequence).toBe(2);
    });

    it('A8 has nothing of a session that there is not', async () => {
      await using engine = await open();
      const session = freshSessionId();
      expect(await engine.log.extent(session)).toBeUndefined();
      expect(await engine.log.read(session, { epoch: 0, sequence: 0 }, 10)).toBeUndefined();
    });
  });

  describe(`${engineName} event log: subscribing`, () => {
    it('L12 tells of everything from the moment that it has subscribed, in order', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const ear = new Ear();
      const end = await engine.log.subscribe(scene.session, ear.listener);
      const before = await scene.position();
      await fill(scene, 6);
      const expected = await scene.eventsAfter(before);
      await ear.until('six events', () => ear.events.length >= 6);
      expect(ear.events).toEqual(expected);
      end();
    });

    it('tells of nothing after the end of the subscription', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const ended = new Ear();
      const present = new Ear();
      const end = await engine.log.subscribe(scene.session, ended.listener);
      await engine.log.subscribe(scene.session, present.listener);
      end();
      end();
      await scene.click('a');
      await present.until('the click', () => present.events.length > 0);
      expect(ended.events).toEqual([]);
    });

    it('tells of its own session only', async () => {
      await using engine = await open();
      const one = await Scene.open(engine);
      const other = await Scene.open(engine);
      const ear = new Ear();
      await engine.log.subscribe(one.session, ear.listener);
      await other.click('a', point(9));
      await one.click('a', point(1));
      await ear.until('the click', () => ear.events.length > 0);
      expect(ear.events).toMatchObject([{ payload: { points: [{ x: 1 }] } }]);
    });

    it('A8 tells that the session was closed', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const ear = new Ear();
      await engine.log.subscribe(scene.session, ear.listener);
      await engine.sessions.close(scene.session, 'expired', scene.tick());
      await ear.until('session.closed', () => ear.events.length > 0);
      expect(ear.events).toMatchObject([
        { type: 'session.closed', payload: { reason: 'expired' } },
      ]);
    });

    it('A22 shows passing frames to all subscribers, and keeps none', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const ears = [new Ear(), new Ear()];
      for (const ear of ears) await engine.log.subscribe(scene.session, ear.listener);
      const before = await scene.position();
      engine.log.pass(scene.session, FRAME);
      for (const ear of ears) await ear.until('the frame', () => ear.frames.length > 0);
      expect(ears.map((ear) => ear.frames)).toEqual([[FRAME], [FRAME]]);
      expect(await scene.position()).toEqual(before);
    });

    it('carries commands out whatever a listener does', async () => {
      await using engine = await open();
      const scene = await Scene.open(engine);
      const ear = new Ear();
      await engine.log.subscribe(scene.session, {
        appended: () => {
          throw new Error('a broken listener');
        },
        passing: () => {
          throw new Error('a broken listener');
        },
      });
      await engine.log.subscribe(scene.session, ear.listener);
      await scene.click('a');
      engine.log.pass(scene.session, FRAME);
      await ear.until('both', () => ear.events.length > 0 && ear.frames.length > 0);
      expect(await scene.object('a')).toMatchObject({ revision: 1 });
    });

    it('tells of a session that is opened after the subscription', async () => {
      await using engine = await open();
      const sessionId = freshSessionId();
      const ear = new Ear();
      await engine.log.subscribe(sessionId, ear.listener);
      await openSession(engine, sessionId);
      await ear.until('session.opened', () => ear.events.length > 0);
      expect(typesOf(ear.events)).toEqual(['session.opened']);
    });
  });
}

async function openSession(engine: Engine, sessionId: SessionId): Promise<void> {
  await engine.sessions.open({ sessionId, tenant: TENANT, subject: 'me', now: Date.now() });
}
