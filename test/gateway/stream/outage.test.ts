import { describe, expect, test } from 'vitest';
import { formatCursor } from '../../../src/core/cursor.ts';
import type { SessionFacts } from '../../../src/ports/session-store.ts';
import type { HandSink } from '../support/hand-sink.ts';
import type { Loss } from '../support/losable-engine.ts';
import { losable } from '../support/losable-engine.ts';
import type { Service, ServiceOptions } from '../support/service.ts';
import { openService } from '../support/service.ts';

const AWAY = { state: 'down', reason: 'storage' };
const OK = { state: 'ok' };

const statesOf = (sink: HandSink) => sink.of('service.updated').map(({ data }) => data.payload);

async function prepared(settings: ServiceOptions['settings'] = {}) {
  const loss: Loss = { now: false, refused: 0 };
  const service = openService({ wrap: losable(loss), settings });
  const facts = await service.chattySession();
  return { service, facts, loss };
}

/** Entries beyond what the reader has, which nobody told it of. */
async function appendUnheard(service: Service, facts: SessionFacts, sink: HandSink, count: number) {
  sink.holding = true;
  await service.append(facts, 2, 300_000);
  await service.append(facts, count);
}

describe('streams while the storage is away', () => {
  test('A22 they stay open, are told within two seconds, and again when it is back', async () => {
    const { service, facts, loss } = await prepared();
    const sinks = [await service.stream(facts), await service.stream(await service.session())];
    loss.now = true;
    await service.pass(2_000);
    expect(sinks.map(statesOf)).toEqual([[AWAY], [AWAY]]);
    await service.pass(60_000);
    loss.now = false;
    await service.pass(2_000);
    expect(sinks.map(statesOf)).toEqual([
      [AWAY, OK],
      [AWAY, OK],
    ]);
    expect(sinks.map((sink) => sink.over)).toEqual([false, false]);
  });

  test('L13 heartbeats go on, with the cursor of the last frame', async () => {
    const { service, facts, loss } = await prepared({ heartbeatMs: 2_000 });
    const sink = await service.stream(facts);
    loss.now = true;
    await service.pass(10_000);
    const beats = sink.of('heartbeat');
    expect(beats.length).toBeGreaterThanOrEqual(4);
    expect(new Set(beats.map(({ id }) => id))).toEqual(
      new Set([sink.of('session.snapshot')[0]?.id]),
    );
  });

  test('A23 a reader that was catching up goes on where it stands, without a hole', async () => {
    const { service, facts, loss } = await prepared({ heartbeatMs: 2_000 });
    const sink = await service.stream(facts);
    await appendUnheard(service, facts, sink, 100);
    loss.now = true;
    sink.release();
    await service.pass(10_000);
    const [first] = sink.sequences;
    expect(first).toBe(6);
    expect(sink.sequences.length).toBeLessThan(102);
    expect(statesOf(sink)).toEqual([AWAY]);
    const seen = sink.of('object.updated').at(-1)?.id;
    expect(sink.of('heartbeat').at(-1)?.id).toBe(seen);
    loss.now = false;
    await service.pass(2_000);
    expect(sink.sequences).toEqual(Array.from({ length: 102 }, (_, at) => at + 6));
    expect(statesOf(sink)).toEqual([AWAY, OK]);
    expect(sink.of('stream.reset')).toEqual([]);
    expect(sink.over).toBe(false);
  });

  test('A24 a reader that lost its position is told so, and gets its snapshot later', async () => {
    const { service, facts, loss } = await prepared({ historyEvents: 5, heartbeatMs: 2_000 });
    const sink = await service.stream(facts);
    await appendUnheard(service, facts, sink, 20);
    const { sessions } = service.bare;
    const snapshot = sessions.snapshot.bind(sessions);
    // Lost between the reset and the snapshot that belongs to it.
    sessions.snapshot = async (id) => {
      loss.now = true;
      sessions.snapshot = snapshot;
      return await service.engine.sessions.snapshot(id);
    };
    sink.release();
    await service.pass(10_000);
    expect(sink.events.slice(-2)).toEqual(['stream.reset', 'service.updated']);
    loss.now = false;
    await service.pass(2_000);
    const { epoch = 0, last = 0 } = (await service.bare.log.extent(facts.sessionId)) ?? {};
    expect(sink.of('session.snapshot')[1]?.id).toBe(formatCursor({ epoch, sequence: last }));
    expect(sink.over).toBe(false);
  });

  test('A22 hundreds of readers ask no more often than one, and come back a few at a time', async () => {
    const { service, facts, loss } = await prepared({ heartbeatMs: 600_000 });
    const sinks: HandSink[] = [];
    for (let n = 0; n < 300; n += 1) sinks.push(await service.stream(facts));
    for (const sink of sinks) sink.holding = true;
    await service.append(facts, 3, 300_000);
    loss.now = true;
    for (const sink of sinks) sink.release();
    await service.pass(2_000);
    loss.refused = 0;
    await service.pass(60_000);
    // A question a second, and what the gateway does by itself anyway.
    expect(loss.refused).toBeLessThan(300);
    let reading = 0;
    let most = 0;
    const { log } = service.bare;
    const read = log.read.bind(log);
    log.read = async (...args) => {
      reading += 1;
      most = Math.max(most, reading);
      await service.clock.sleep(1);
      reading -= 1;
      return await read(...args);
    };
    loss.now = false;
    await service.pass(5_000);
    expect(most).toBeLessThanOrEqual(32);
    for (const sink of sinks) expect(sink.sequences).toEqual([6, 7, 8]);
  });

  test('A22 a loss that nobody else noticed strands nobody', async () => {
    const { service, facts, loss } = await prepared();
    const sink = await service.stream(facts);
    await appendUnheard(service, facts, sink, 1);
    loss.now = true;
    sink.release();
    await service.pass(0);
    expect(sink.sequences.length).toBeLessThan(3);
    loss.now = false;
    await service.pass(1_000);
    expect(sink.sequences).toEqual([6, 7, 8]);
    expect(statesOf(sink)).toEqual([]);
  });

  test('A8 a session that was lost with its storage ends the stream when it is back', async () => {
    const { service, facts, loss } = await prepared();
    const sink = await service.stream(facts);
    loss.now = true;
    await service.pass(5_000);
    const { sessions, log } = service.bare;
    sessions.snapshot = async () => undefined;
    log.extent = async () => undefined;
    log.read = async () => undefined;
    loss.now = false;
    await service.pass(2_000);
    expect(sink.events.at(-1)).toBe('service.updated');
    expect(sink.ended).toBe(true);
  });

  test('A22 what it lacks is in stream.opened and in snapshots', async () => {
    const { service, facts } = await prepared();
    service.gateway.streams.setServiceState('down');
    const sink = await service.stream(facts);
    const service_ = { state: 'down', reason: 'feature_server' };
    expect(sink.of('stream.opened')[0]?.data.payload.service).toEqual(service_);
    expect(sink.of('session.snapshot')[0]?.data.payload.service).toEqual(service_);
    service.gateway.streams.setStorage(false);
    service.gateway.streams.setServiceState('ok');
    service.gateway.streams.setStorage(true);
    expect(statesOf(sink)).toEqual([AWAY, OK]);
  });

  test('A22 chores and claims do not complain of what is known to be away', async () => {
    const { service, loss } = await prepared();
    loss.now = true;
    await service.pass(60_000);
    expect(service.logged).toEqual([]);
  });
});

describe('work while the storage is away', () => {
  test('L5 what could not be published is offered again as soon as the storage is back', async () => {
    const loss: Loss = { now: false, refused: 0 };
    const service = openService({ wrap: losable(loss), settings: { leaseMs: 15_000 } });
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'left');
    await service.pass(100);
    loss.now = true;
    await service.pass(3_000);
    loss.now = false;
    // Long before the lease would have run out.
    await service.pass(2_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L5 an outage longer than the lease keeps no place at the feature server', async () => {
    const loss: Loss = { now: false, refused: 0 };
    const service = openService({ wrap: losable(loss), settings: { deadlineMs: 600_000 } });
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'left');
    await service.pass(100);
    loss.now = true;
    await service.pass(120_000);
    loss.now = false;
    await service.pass(3_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });
});
