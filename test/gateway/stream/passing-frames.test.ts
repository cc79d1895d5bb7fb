import { describe, expect, test } from 'vitest';
import type { SessionFacts } from '../../../src/ports/session-store.ts';
import { HandSink } from '../support/hand-sink.ts';
import type { Loss } from '../support/losable-engine.ts';
import { losable } from '../support/losable-engine.ts';
import { fault } from '../support/scripted-server.ts';
import type { Service } from '../support/service.ts';
import { openService } from '../support/service.ts';

const participants = (sink: HandSink) =>
  sink
    .of('presence.updated')
    .map(({ data }) =>
      data.payload.participants.map((each: { participantId: string }) => each.participantId),
    );

async function join(service: Service, facts: SessionFacts, name: string): Promise<HandSink> {
  return await service.stream(facts, { kind: 'none' }, new HandSink(), name);
}

describe('passing frames', () => {
  test('A22 presence.updated tells the others who comes and who goes', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const watcher = await service.stream(facts);
    const ada = await join(service, facts, 'ada');
    await service.pass(1_000);
    const bob = await join(service, facts, 'bob');
    expect(bob.of('session.snapshot')[0]?.data.payload.participants).toEqual([
      { participantId: 'ada', joinedAt: expect.any(String) },
      { participantId: 'bob', joinedAt: expect.any(String) },
    ]);
    ada.hangUp();
    expect(participants(watcher)).toEqual([['ada'], ['ada', 'bob'], ['bob']]);
    expect(participants(bob)).toEqual([['bob']]);
  });

  test('A22 a second tab of a participant changes nothing, nor does the end of the first', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const watcher = await service.stream(facts);
    const first = await join(service, facts, 'ada');
    const second = await join(service, facts, 'ada');
    first.hangUp();
    expect(participants(watcher)).toEqual([['ada']]);
    second.hangUp();
    expect(participants(watcher)).toEqual([['ada'], []]);
  });

  test('A22 presence of one session is not told in another', async () => {
    const service = openService();
    const other = await service.stream(await service.session());
    await join(service, await service.session(), 'ada');
    expect(participants(other)).toEqual([]);
  });

  test('A7 who reads through another gateway reads, too, and is one participant', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sibling = service.spawn();
    sibling.start();
    const watcher = await service.stream(facts);
    const there = new HandSink();
    await sibling.streams.open(facts, { kind: 'none' }, there, { participantId: 'ada' });
    await service.pass(1_000);
    const here = await join(service, facts, 'ada');
    await join(service, facts, 'bob');
    const { participants: listed } = await sibling.sessions.snapshot(facts.sessionId);
    expect(listed.map(({ participantId }) => participantId)).toEqual(['ada', 'bob']);
    here.hangUp();
    await service.pass(60_000);
    expect(participants(watcher)).toEqual([['ada'], ['ada', 'bob']]);
    there.hangUp();
    expect(participants(watcher).at(-1)).toEqual(['bob']);
  });

  test('A7 the readers of a gateway that died are gone after a while, for everybody', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const doomed = service.spawn();
    await doomed.streams.open(facts, { kind: 'none' }, new HandSink(), { participantId: 'ada' });
    const watcher = await service.stream(facts);
    // It was never started: nobody renews what it said.
    await service.pass(50_000);
    expect(participants(watcher)).toEqual([]);
    await service.pass(40_000);
    expect(participants(watcher)).toEqual([[]]);
  });

  test('A7 who reads for hours is there for hours', async () => {
    const service = openService();
    const facts = await service.chattySession();
    await join(service, facts, 'ada');
    await service.pass(3_600_000);
    const { participants: listed } = await service.gateway.sessions.snapshot(facts.sessionId);
    expect(listed.map(({ participantId }) => participantId)).toEqual(['ada']);
  });

  test('A7 who comes and goes while the storage is away is told when it is back', async () => {
    const loss: Loss = { now: false, refused: 0 };
    const service = openService({ wrap: losable(loss) });
    const facts = await service.chattySession();
    const watcher = await service.stream(facts);
    const ada = await join(service, facts, 'ada');
    loss.now = true;
    ada.hangUp();
    await service.pass(1_000);
    expect(participants(watcher)).toEqual([['ada']]);
    loss.now = false;
    await service.pass(25_000);
    expect(participants(watcher)).toEqual([['ada'], []]);
  });

  test('A22 segment.started comes when the call starts, with the revision it is for', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const sink = await service.stream(facts);
    await service.click(facts, image, 'left');
    await service.pass(10);
    expect(sink.events.slice(-2)).toEqual(['click.accepted', 'segment.started']);
    expect(sink.frames.at(-1)?.data.payload).toEqual({ objectId: 'left', revision: 1 });
    expect(sink.frames.at(-1)?.id).toBeUndefined();
    await service.pass(600);
    expect(sink.events.at(-1)).toBe('segment.completed');
  });

  test('A22 queue.updated tells a waiting object its place, when that has changed', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    service.server.segmentMs = 2_500;
    const sink = await service.stream(facts);
    for (const name of ['a', 'b', 'c']) await service.click(facts, image, name);
    await service.pass(2_400);
    const told = () => sink.of('queue.updated').map(({ data }) => data.payload);
    expect(told()).toEqual([
      { objectId: 'b', position: 0, etaMs: expect.any(Number) },
      { objectId: 'c', position: 1, etaMs: expect.any(Number) },
    ]);
    await service.pass(2_000);
    expect(told().slice(2)).toEqual([{ objectId: 'c', position: 0, etaMs: expect.any(Number) }]);
    for (const { etaMs } of told()) expect(etaMs).toBeGreaterThan(0);
  });

  test('A22 queue.updated tells a place again when the object has come back to it', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    service.server.segmentMs = 2_000;
    const sink = await service.stream(facts);
    await service.click(facts, image, 'a');
    await service.click(facts, image, 'b');
    await service.pass(2_500);
    // `b` is being worked on; it changes, and `a` comes before it again.
    await service.click(facts, image, 'a');
    await service.click(facts, image, 'b');
    await service.pass(2_600);
    const places = sink.of('queue.updated').map(({ data }) => data.payload.objectId);
    expect(places.filter((object) => object === 'b')).toHaveLength(2);
  });

  test('A22 service.updated tells every session when the feature server fails, and when it is back', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const sinks = [await service.stream(facts), await service.stream(await service.session())];
    service.server.segmentFaults.push(fault('failed'), fault('failed'), fault('failed'));
    await service.click(facts, image, 'a');
    await service.pass(10_000);
    await service.click(facts, image, 'b');
    await service.pass(10_000);
    for (const sink of sinks) {
      const states = sink.of('service.updated').map(({ data }) => data.payload.state);
      expect(states).toEqual(['degraded', 'ok']);
    }
    expect((await service.gateway.sessions.snapshot(facts.sessionId)).service.state).toBe('ok');
  });

  test('A22 a server that refuses what it is asked is well', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const sink = await service.stream(facts);
    service.server.segmentFaults.push(...[1, 2, 3, 4].map(() => fault('rejected')));
    for (const name of ['a', 'b', 'c', 'd']) await service.click(facts, image, name);
    await service.pass(10_000);
    expect(sink.of('segment.failed')).toHaveLength(4);
    expect(sink.of('service.updated')).toEqual([]);
  });

  test('A22 one failure alone is an accident that a retry mends, and no news', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const sink = await service.stream(facts);
    service.server.segmentFaults.push(fault('failed'), fault('overloaded'));
    await service.click(facts, image, 'a');
    await service.pass(10_000);
    expect(service.server.segments).toHaveLength(2);
    expect(sink.of('service.updated')).toEqual([]);
  });
});
