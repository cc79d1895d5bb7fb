import { describe, expect, it } from 'vitest';
import { objectId } from '../../src/core/ids.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import { freshSessionId, point, Scene, TENANT, typesOf } from '../contract/support.ts';
import { openStill } from './support.ts';

const silent = () => {};

describe('the doorbell of the engine in memory', () => {
  it('rings before the command answers, when its effect can be read', async () => {
    await using engine = openStill();
    const scene = await Scene.open(engine);
    const revisions: Promise<number>[] = [];
    await engine.log.subscribe(scene.session, {
      appended: () => revisions.push(scene.object('a').then((body) => body.revision)),
      passing: silent,
    });
    const answer = scene.click('a');
    expect(revisions).toHaveLength(1);
    expect(await revisions[0]).toBe((await answer).revision);
  });

  it('tells once of all that one command appended', async () => {
    await using engine = openStill();
    const scene = await Scene.open(engine);
    const only = await scene.click('a');
    const rounds: string[][] = [];
    await engine.log.subscribe(scene.session, {
      appended: (events) => rounds.push(typesOf(events)),
      passing: silent,
    });
    await scene.undo(only);
    expect(rounds).toEqual([['click.undone', 'click.cancelled', 'object.removed']]);
  });

  it('hands out the same object to every listener and reader', async () => {
    await using engine = openStill();
    const scene = await Scene.open(engine);
    const heard: LoggedEvent[][] = [[], []];
    for (const list of heard) {
      const appended = (events: readonly LoggedEvent[]) => list.push(...events);
      await engine.log.subscribe(scene.session, { appended, passing: silent });
    }
    const before = await scene.position();
    await scene.click('a');
    const [read] = await scene.eventsAfter(before);
    expect(heard[0]?.[0]).toBe(read);
    expect(heard[1]?.[0]).toBe(read);
  });

  it('keeps the order for everybody when a listener gives commands itself', async () => {
    await using engine = openStill();
    const scene = await Scene.open(engine);
    const after: Promise<unknown>[] = [];
    await engine.log.subscribe(scene.session, {
      appended: (events) => {
        const isFirst = events[0]?.type === 'click.accepted';
        if (isFirst) after.push(scene.sessions.removeObject(scene.session, objectId('a'), 0));
      },
      passing: silent,
    });
    const heard: LoggedEvent[] = [];
    await engine.log.subscribe(scene.session, {
      appended: (events) => heard.push(...events),
      passing: silent,
    });
    await scene.click('a');
    await Promise.all(after);
    expect(typesOf(heard)).toEqual(['click.accepted', 'click.cancelled', 'object.removed']);
  });

  it('does not tell a listener that a listener before it has ended', async () => {
    await using engine = openStill();
    const scene = await Scene.open(engine);
    let told = 0;
    const ends: (() => void)[] = [];
    await engine.log.subscribe(scene.session, {
      appended: () => {
        for (const end of ends) end();
      },
      passing: silent,
    });
    const appended = () => {
      told += 1;
    };
    ends.push(await engine.log.subscribe(scene.session, { appended, passing: silent }));
    await scene.click('a');
    expect(told).toBe(0);
  });

  it('A19 gives no epoch twice, even within one millisecond', async () => {
    await using engine = openStill();
    const epochs = new Set<number>();
    for (let n = 0; n < 5; n += 1) {
      const command = { sessionId: freshSessionId(), tenant: TENANT, subject: 'me', now: 1_000 };
      epochs.add((await engine.sessions.open(command)).position.epoch);
    }
    expect(epochs.size).toBe(5);
  });

  it('refuses to open a session that there is', async () => {
    await using engine = openStill();
    const scene = await Scene.open(engine);
    await scene.click('a', point(1));
    const command = { sessionId: scene.session, tenant: TENANT, subject: 'me', now: 1 };
    await expect(engine.sessions.open(command)).rejects.toMatchObject({ code: 'conflict' });
    expect(await scene.object('a')).toMatchObject({ revision: 1 });
  });
});
