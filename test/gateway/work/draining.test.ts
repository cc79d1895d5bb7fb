import { describe, expect, test } from 'vitest';
import { formatCursor } from '../../../src/core/cursor.ts';
import type { HandSink } from '../support/hand-sink.ts';
import type { Loss } from '../support/losable-engine.ts';
import { losable } from '../support/losable-engine.ts';
import { fault } from '../support/scripted-server.ts';
import type { Service } from '../support/service.ts';
import { openService } from '../support/service.ts';

/** Told when the gateway has drained. */
function draining(service: Service): { done: boolean } {
  const told = { done: false };
  void service.gateway.drain().then(() => {
    told.done = true;
  });
  return told;
}

/** A click whose call hangs on one gateway, and another gateway beside it. */
async function hanging() {
  const service = openService();
  const { facts, image } = await service.readySession();
  service.server.segmentFaults.push('hang');
  await service.click(facts, image, 'left');
  await service.pass(100);
  service.spawn().start();
  return { service, facts, image };
}

describe('a gateway that stops', () => {
  test('A25 gives a call up that does not end, and another gateway makes it anew at once', async () => {
    const { service, facts } = await hanging();
    const drained = draining(service);
    await service.pass(4_900);
    expect(drained.done).toBe(false);
    await service.pass(200);
    expect(drained.done).toBe(true);
    const [first] = service.server.segments;
    expect(first?.signal.aborted).toBe(true);
    await service.pass(600);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
    expect(service.server.segments).toHaveLength(2);
  });

  test('A25 what it gave up counts as no attempt, and the feature server is not blamed', async () => {
    const { service, facts } = await hanging();
    const sink = await service.stream(facts);
    service.server.segmentFaults.push(fault('failed'));
    draining(service);
    await service.pass(8_000);
    // The second failed, and was repeated all the same.
    expect(service.server.segments).toHaveLength(3);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
    expect(await service.logOf(facts.sessionId, 'segment.failed')).toEqual([]);
    expect(sink.of('service.updated')).toEqual([]);
  });

  test('A11 gives a preparation up that does not end', async () => {
    const service = openService();
    const facts = await service.session();
    service.server.encodeFaults.push('hang');
    await service.addImage(facts);
    await service.pass(100);
    service.spawn().start();
    draining(service);
    await service.pass(5_500);
    expect(await service.logOf(facts.sessionId, 'image.ready')).toHaveLength(1);
    expect(service.server.encodes).toHaveLength(2);
  });

  test('A25 ends in time without its storage, too', async () => {
    const loss: Loss = { now: false, refused: 0 };
    const service = openService({ wrap: losable(loss) });
    const { facts, image } = await service.readySession();
    service.server.segmentFaults.push('hang');
    await service.click(facts, image, 'left');
    await service.pass(100);
    loss.now = true;
    const drained = draining(service);
    await service.pass(6_100);
    expect(drained.done).toBe(true);
  });

  test('A25 lets streams see what still ends, turns new ones away, and then sends them on', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const early = await service.stream(facts);
    await service.click(facts, image, 'left');
    await service.pass(100);
    draining(service);
    const late = await service.stream(facts);
    expect(late.events).toEqual(['stream.draining']);
    expect(late.ended).toBe(true);
    expect(early.ended).toBe(false);
    await service.pass(500);
    expect(early.events.slice(-2)).toEqual(['segment.completed', 'stream.draining']);
    expect(early.ended).toBe(true);
  });

  test('A25 spreads many readers over a longer time, 500 a second', async () => {
    const service = openService();
    const facts = await service.chattySession();
    const sinks: HandSink[] = [];
    for (let n = 0; n < 2_000; n += 1) sinks.push(await service.stream(facts));
    draining(service);
    await service.pass(0);
    const waits = sinks.map((sink) => sink.frames.at(-1)?.data.payload.reconnectInMs as number);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
    const seconds = [1, 2, 3, 4].map(
      (second) => waits.filter((wait) => Math.floor(wait / 1_000) === second).length,
    );
    for (const count of seconds) expect(count).toBeLessThan(600);
  });

  test('A17 A26 answers what it holds', async () => {
    const { service, facts } = await hanging();
    const { epoch, last } = (await service.bare.log.extent(facts.sessionId)) ?? {};
    const cursor = formatCursor({ epoch: epoch ?? 0, sequence: last ?? 0 });
    const { signal } = new AbortController();
    const poll = service.gateway.pages.page(
      facts,
      { kind: 'cursor', text: cursor },
      { waitMs: 30_000, limit: 100, signal },
    );
    const [accepted] = await service.logOf(facts.sessionId, 'click.accepted');
    if (accepted === undefined) throw new Error('nothing was accepted');
    const wait = service.gateway.clicks.wait(facts, accepted.payload.clickId, 30_000, signal);
    draining(service);
    await service.pass(5_100);
    expect(await poll).toEqual({ events: [], cursor });
    expect(await wait).toMatchObject({ clickId: accepted.payload.clickId, status: 'running' });
  });
});
