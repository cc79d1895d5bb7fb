/** Logs that Redis has lost, as a whole or in part. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Position } from '../../../src/core/cursor.ts';
import type { LoggedEvent } from '../../../src/ports/event-log.ts';
import { point, Scene, typesOf, within } from '../../contract/support.ts';
import { RedisServer } from '../redis-server.ts';
import type { SessionEngine } from '../session-engine.ts';
import { openSessionEngine } from '../session-engine.ts';
import { resetOf } from './scene-log.ts';

describe('logs that were lost or changed behind our back', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** A session with events, and where its log is. */
  async function prepare(engine: SessionEngine) {
    const scene = await Scene.open(engine);
    await scene.click('a', point(1));
    await scene.click('a', point(2));
    return { scene, log: engine.slot.key(scene.session, 'log'), at: await scene.position() };
  }

  const greaterEpoch = (at: Position) => expect.toSatisfy((epoch: number) => epoch > at.epoch);

  it('L9 a log that is missing is made anew in a greater epoch', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, log, at } = await prepare(engine);
    await engine.connections.commands.use((client) => client.del(log));
    expect(await resetOf(scene, at)).toBe('epoch_changed');
    const click = await scene.click('a', point(3));
    expect(click.position).toEqual({ epoch: greaterEpoch(at), sequence: 1 });
    const cut = await engine.sessions.snapshot(scene.session);
    expect(cut?.position).toEqual(click.position);
    expect(cut?.snapshot.objects).toMatchObject([{ revision: 3, clicks: [{}, {}, {}] }]);
    expect(typesOf(await scene.eventsAfter({ epoch: 0, sequence: 0 }))).toEqual(['click.accepted']);
  });

  it('L9 an empty log of a new epoch is no reason for another one', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, log, at } = await prepare(engine);
    await engine.connections.commands.use((client) => client.del(log));
    const cut = await engine.sessions.snapshot(scene.session);
    expect(cut?.position).toEqual({ epoch: greaterEpoch(at), sequence: 0 });
    expect(await scene.position()).toEqual(cut?.position);
    const click = await scene.click('a', point(3));
    expect(click.position).toEqual({ epoch: cut?.position.epoch, sequence: 1 });
  });

  it('counter-example 11: a log that was cut at its end numbers nothing again', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, log, at } = await prepare(engine);
    const last = `${at.epoch}-${at.sequence}`;
    await engine.connections.commands.use((client) => client.xdel(log, last));
    await scene.click('b', point(3));
    expect(await resetOf(scene, at)).toBe('epoch_changed');
    expect((await scene.position()).epoch).toBeGreaterThan(at.epoch);
  });

  it('A24 a log that was cut at its beginning is shorter, not another one', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, log, at } = await prepare(engine);
    await engine.connections.commands.use((client) => client.xtrim(log, 'MAXLEN', 1));
    expect(await resetOf(scene, at)).toBeUndefined();
    expect(await resetOf(scene, { ...at, sequence: at.sequence - 2 })).toBe('history_trimmed');
  });

  it('L12 after a lost connection listeners are told of the newest entry again', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, at } = await prepare(engine);
    const told = Promise.withResolvers<Position | undefined>();
    const end = await engine.log.subscribe(scene.session, {
      appended: (events) => told.resolve(events.at(-1)?.position),
      passing: () => undefined,
    });
    await engine.connections.commands.use((client) =>
      client.call('CLIENT', 'KILL', 'TYPE', 'pubsub'),
    );
    expect(await within('the newest entry', told.promise)).toEqual(at);
    end();
  });

  it('A19 gives out one object for one entry while somebody holds it', async () => {
    await using engine = await openSessionEngine(server);
    const { scene, at } = await prepare(engine);
    const told = Promise.withResolvers<LoggedEvent | undefined>();
    const end = await engine.log.subscribe(scene.session, {
      appended: ([event]) => told.resolve(event),
      passing: () => undefined,
    });
    await scene.click('a', point(3));
    const event = await within('the doorbell', told.promise);
    const [read] = await scene.eventsAfter(at);
    expect(event?.type).toBe('click.accepted');
    expect(read).toBe(event);
    end();
  });
});
