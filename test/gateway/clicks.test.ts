import { describe, expect, test } from 'vitest';
import { imageId, objectId } from '../../src/core/ids.ts';
import type { QueueState } from '../../src/protocol/bodies.ts';
import { nameOf, openService } from './support/service.ts';

const CLICK_ID = /^clk_[A-Za-z0-9_-]{16}$/;

describe('clicks', () => {
  test('A12 the first click on an object is queued; the answer names it and its event', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const accepted = await service.click(facts, image, 'left', { clientRef: 'mine' });
    const [event] = await service.logOf(facts.sessionId, 'click.accepted');
    expect(accepted).toEqual({
      clickId: expect.stringMatching(CLICK_ID),
      objectId: 'left',
      imageId: image,
      revision: 1,
      cursor: `${event?.position.epoch}-${event?.position.sequence}`,
      queue: { state: 'queued', position: 0, etaMs: expect.any(Number) },
      links: { self: `/v1/sessions/${facts.sessionId}/clicks/${accepted.clickId}` },
    });
    expect(accepted.queue.etaMs).toBeGreaterThan(0);
    expect(event?.payload).toMatchObject({ clickId: accepted.clickId, clientRef: 'mine' });
  });

  test('A12 without an object id a new object is made, otherwise one with that id', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const objects: string[] = [];
    for (const name of [undefined, undefined, 'mine']) {
      objects.push((await service.click(facts, image, name)).objectId);
    }
    expect(new Set(objects).size).toBe(3);
    expect(objects[0]).toMatch(/^obj_[A-Za-z0-9_-]{12}$/);
    expect(objects[2]).toBe('mine');
  });

  test('A12 queue states: queued, merged, running, done', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const states: QueueState[] = [];
    await service.click(facts, image, 'first');
    await service.pass(10);
    states.push((await service.click(facts, image, 'left')).queue);
    states.push((await service.click(facts, image, 'left')).queue);
    states.push((await service.click(facts, image, 'first')).queue);
    await service.pass(10_000);
    const points = [{ x: 3, y: 3, label: 1 as const }];
    await service.click(facts, image, 'twin', { points });
    await service.pass(10_000);
    states.push((await service.click(facts, image, 'other twin', { points })).queue);
    expect(states).toEqual([
      { state: 'queued', position: 0, etaMs: expect.any(Number) },
      { state: 'merged', position: 0, etaMs: expect.any(Number) },
      { state: 'running', position: 0, etaMs: expect.any(Number) },
      { state: 'done', position: 0, etaMs: 0 },
    ]);
  });

  test('A13 ten clicks while the object waits cost one call, and one answer covers all', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'before');
    await service.pass(10);
    const clicks: string[] = [];
    for (let count = 0; count < 10; count += 1) {
      clicks.push((await service.click(facts, image, 'left')).clickId);
      await service.pass(20);
    }
    await service.pass(10_000);
    const calls = service.server.segments.filter(({ prompt }) => prompt.points.length === 10);
    expect(service.server.segments).toHaveLength(2);
    expect(calls).toHaveLength(1);
    const completed = await service.logOf(facts.sessionId, 'segment.completed');
    const last = completed.at(-1)?.payload;
    expect(last).toMatchObject({ objectId: 'left', revision: 10, covers: clicks });
    expect(last?.area).toBe(10);
  });

  test('A13 clicks that come during the call are covered by the one that follows', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const first = await service.click(facts, image, 'left');
    await service.pass(100);
    const second = await service.click(facts, image, 'left');
    const third = await service.click(facts, image, 'left');
    await service.pass(10_000);
    const completed = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed.map(({ payload }) => payload.covers)).toEqual([
      [first.clickId],
      [second.clickId, third.clickId],
    ]);
    expect(service.server.segments).toHaveLength(2);
  });

  test('A21 timings add up, and tell the wait from the call', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'before');
    await service.pass(100);
    await service.click(facts, image, 'left');
    await service.pass(10_000);
    const [, second] = await service.logOf(facts.sessionId, 'segment.completed');
    expect(second?.payload.timings).toEqual({ queuedMs: 400, serverMs: 500, totalMs: 900 });
    expect(second?.payload).toMatchObject({
      score: 0.5,
      model: 'scripted',
      cached: false,
      area: 1,
      bounds: { x: expect.any(Number), y: 0, width: 1, height: 1 },
    });
  });

  test('A14 a click that would wait too long is refused; merges are accepted', async () => {
    const service = openService({ settings: { maxWaitMs: 900 } });
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'a');
    await service.click(facts, image, 'b');
    const before = await service.log(facts.sessionId);
    const refused = service.click(facts, image, 'c');
    await expect(refused).rejects.toMatchObject({
      code: 'overloaded',
      extras: { etaMs: expect.any(Number), retryAfterMs: expect.any(Number) },
    });
    const { extras } = await refused.catch((error) => error);
    expect(extras.etaMs).toBeGreaterThan(900);
    // A refused request changes nothing and shows nowhere (A2).
    expect(await service.log(facts.sessionId)).toEqual(before);
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({
      waiting: 1,
      leased: 1,
    });

    expect((await service.click(facts, image, 'b')).queue.state).toBe('merged');
    expect((await service.click(facts, image, 'a')).queue.state).toBe('running');
    await service.pass(10_000);
    expect((await service.click(facts, image, 'c')).queue.state).toBe('queued');
  });

  test('A13 a prompt that was answered before is never refused for load', async () => {
    const service = openService({ settings: { maxWaitMs: 900 } });
    const { facts, image } = await service.readySession();
    const points = [{ x: 30, y: 20, label: 1 as const }];
    await service.click(facts, image, 'first', { points });
    await service.pass(1_000);
    for (const name of ['a', 'b']) await service.click(facts, image, name);
    await expect(service.click(facts, image, 'c')).rejects.toMatchObject({ code: 'overloaded' });
    const again = await service.click(facts, image, 'again', { points });
    expect(again.queue.state).toBe('done');
  });

  test('A14 the 11th object, and a point outside the image, are refused and leave nothing', async () => {
    const service = openService({ settings: { maxWaitMs: 600_000 } });
    const { facts, image } = await service.readySession();
    const outside = { points: [{ x: 40, y: 0, label: 1 as const }] };
    await expect(service.click(facts, image, 'x', outside)).rejects.toMatchObject({
      code: 'out_of_bounds',
    });
    for (let object = 0; object < 10; object += 1) await service.click(facts, image, `o${object}`);
    await expect(service.click(facts, image, 'o10')).rejects.toMatchObject({
      code: 'limit_reached',
      extras: { limit: 'maxObjects' },
    });
    expect(await service.logOf(facts.sessionId, 'click.accepted')).toHaveLength(10);
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({
      waiting: 9,
      leased: 1,
    });
  });

  test('A12 a click on an image that the session does not have is image_not_found', async () => {
    const service = openService();
    const facts = await service.session();
    const none = imageId(nameOf('none'));
    await expect(service.click(facts, none)).rejects.toMatchObject({ code: 'image_not_found' });
  });

  test('A4 the same key gives the first answer again and costs no call', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const idempotency = { key: 'k', fingerprint: 'f' };
    const input = { imageId: image, points: [{ x: 1, y: 1, label: 1 as const }], idempotency };
    const first = await service.gateway.clicks.submit(facts, input);
    const second = await service.gateway.clicks.submit(facts, input);
    expect([first.replayed, second.replayed]).toEqual([false, true]);
    expect(second.accepted.clickId).toBe(first.accepted.clickId);
    expect(second.accepted.cursor).toBe(first.accepted.cursor);
    await service.pass(10_000);
    expect(service.server.segments).toHaveLength(1);
    expect(await service.logOf(facts.sessionId, 'click.accepted')).toHaveLength(1);
  });

  test('A4 a key gives its first answer also after the image was removed', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const idempotency = { key: 'k', fingerprint: 'f' };
    const input = {
      imageId: image,
      objectId: objectId('left'),
      points: [{ x: 1, y: 1, label: 1 as const }],
      idempotency,
    };
    const first = await service.gateway.clicks.submit(facts, input);
    await service.gateway.images.remove(facts, image);
    const second = await service.gateway.clicks.submit(facts, input);
    expect(second.replayed).toBe(true);
    expect(second.accepted.clickId).toBe(first.accepted.clickId);
  });

  test('L1 a click is answered only after its object is in the pool, a replay too', async () => {
    const service = openService({
      wrap: (engine) => ({
        ...engine,
        queue: new Proxy(engine.queue, {
          get: (target, name) => {
            const method = Reflect.get(target, name).bind(target);
            if (name !== 'enqueue') return method;
            return async (...args: unknown[]) => {
              if (failing.now) throw new Error('the reply was lost');
              return await method(...args);
            };
          },
        }),
      }),
    });
    const failing = { now: false };
    const { facts, image } = await service.readySession();
    const input = {
      imageId: image,
      points: [{ x: 1, y: 1, label: 1 as const }],
      idempotency: { key: 'k', fingerprint: 'f' },
    };
    failing.now = true;
    await expect(service.gateway.clicks.submit(facts, input)).rejects.toThrow('lost');
    await service.pass(1_000);
    expect(service.server.segments).toHaveLength(0);
    failing.now = false;
    const { replayed } = await service.gateway.clicks.submit(facts, input);
    expect(replayed).toBe(true);
    await service.pass(1_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('A3 the trace context of a click goes along with its call', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await service.click(facts, image, 'left', { traceparent });
    await service.pass(1_000);
    expect(service.server.segments[0]?.traceparent).toBe(traceparent);
  });
});
