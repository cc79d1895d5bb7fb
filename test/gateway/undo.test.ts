import { describe, expect, test } from 'vitest';
import { clickId } from '../../src/core/ids.ts';
import { openService } from './support/service.ts';

describe('undo and redo', () => {
  test('A15 undoing and redoing are answered from memory, without a call', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const points = [{ x: 9, y: 9, label: 1 as const }];
    await service.click(facts, image, 'left');
    await service.pass(1_000);
    const second = await service.click(facts, image, 'left', { points });
    await service.pass(1_000);
    expect(service.server.segments).toHaveLength(2);

    const undone = await service.gateway.clicks.undo(facts, second.clickId);
    expect(undone).toMatchObject({ clickId: second.clickId, objectId: 'left', revision: 3 });
    const redone = await service.click(facts, image, 'left', { points });
    expect(redone).toMatchObject({ revision: 4, queue: { state: 'done' } });
    await service.pass(10_000);
    expect(service.server.segments).toHaveLength(2);
    const completed = await service.logOf(facts.sessionId, 'segment.completed');
    expect(
      completed.map(({ payload: { revision, covers, cached, area } }) => {
        return { revision, covers: covers.length, cached, area };
      }),
    ).toEqual([
      { revision: 1, covers: 1, cached: false, area: 1 },
      { revision: 2, covers: 1, cached: false, area: 2 },
      { revision: 3, covers: 0, cached: true, area: 1 },
      { revision: 4, covers: 1, cached: true, area: 2 },
    ]);
  });

  test('A15 an undo that leaves a prompt never asked is segmented with one call', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const first = await service.click(facts, image, 'left');
    await service.click(facts, image, 'left');
    await service.pass(2_000);
    const { length } = service.server.segments;
    await service.gateway.clicks.undo(facts, first.clickId);
    await service.pass(2_000);
    expect(service.server.segments.slice(length).map(({ prompt }) => prompt.points)).toEqual([
      [{ x: 2, y: 0, label: 1 }],
    ]);
  });

  test('A15 undoing a click that waits cancels it; the call under way publishes no old mask', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const first = await service.click(facts, image, 'left');
    await service.pass(100);
    const second = await service.click(facts, image, 'left');
    await service.gateway.clicks.undo(facts, second.clickId);
    await service.pass(5_000);
    const log = await service.log(facts.sessionId);
    const cancelled = await service.logOf(facts.sessionId, 'click.cancelled');
    expect(cancelled.map(({ payload }) => payload)).toEqual([
      { clickId: second.clickId, objectId: 'left', reason: 'undone' },
    ]);
    const covers = log.flatMap((e) => (e.type === 'segment.completed' ? e.payload.covers : []));
    expect(covers).toEqual([first.clickId]);
  });

  test('A15 a second undo repeats the first answer, appends nothing and calls nobody', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'left');
    const second = await service.click(facts, image, 'left');
    await service.pass(2_000);
    const first = await service.gateway.clicks.undo(facts, second.clickId);
    await service.pass(2_000);
    const before = (await service.log(facts.sessionId)).length;
    const { length } = service.server.segments;
    expect(await service.gateway.clicks.undo(facts, second.clickId)).toEqual(first);
    await service.pass(2_000);
    expect(await service.log(facts.sessionId)).toHaveLength(before);
    expect(service.server.segments).toHaveLength(length);
  });

  test('A15 an object left without a click is removed, and its call under way is in vain', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    const only = await service.click(facts, image, 'left');
    await service.pass(100);
    await service.gateway.clicks.undo(facts, only.clickId);
    await service.pass(5_000);
    const types = (await service.log(facts.sessionId)).slice(3).map(({ type }) => type);
    expect(types).toEqual(['click.accepted', 'click.undone', 'click.cancelled', 'object.removed']);
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({
      waiting: 0,
      leased: 0,
    });
  });

  test('A15 an unknown click is click_not_found', async () => {
    const service = openService();
    const facts = await service.session();
    await expect(
      service.gateway.clicks.undo(facts, clickId('clk_unknownunknown')),
    ).rejects.toMatchObject({ code: 'click_not_found' });
  });
});
