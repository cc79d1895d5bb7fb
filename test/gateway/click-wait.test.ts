import { describe, expect, test } from 'vitest';
import { objectId } from '../../src/core/ids.ts';
import type { ClickState } from '../../src/protocol/bodies.ts';
import { fault } from './support/scripted-server.ts';
import { openService } from './support/service.ts';

async function waiting(ms: number) {
  const service = openService();
  const { facts, image } = await service.readySession();
  const { clickId } = await service.click(facts, image, 'left');
  const abort = new AbortController();
  const seen: { state?: ClickState; error?: unknown } = {};
  service.gateway.clicks.wait(facts, clickId, ms, abort.signal).then(
    (state) => Object.assign(seen, { state }),
    (error) => Object.assign(seen, { error }),
  );
  return { service, facts, image, clickId, abort, seen };
}

describe('waiting for one click', () => {
  test('A17 answers as soon as the click has ended, with the payload of its mask', async () => {
    const { service, facts, clickId, seen } = await waiting(30_000);
    await service.pass(499);
    expect(seen.state).toBeUndefined();
    await service.pass(1);
    const [completed] = await service.logOf(facts.sessionId, 'segment.completed');
    expect(seen.state).toEqual({
      clickId,
      objectId: 'left',
      revision: 1,
      status: 'completed',
      result: completed?.payload,
    });
  });

  test('A17 answers at the time with the status then', async () => {
    const { service, seen } = await waiting(300);
    await service.pass(299);
    expect(seen.state).toBeUndefined();
    await service.pass(1);
    expect(seen.state).toMatchObject({ status: 'running', queue: { state: 'running' } });
  });

  test('A17 without a wait answers at once', async () => {
    const { service, seen } = await waiting(0);
    await service.pass(0);
    expect(seen.state?.status).toBeOneOf(['queued', 'running']);
  });

  test('A17 a click that has ended is answered at once, also with a wait', async () => {
    const { service, facts, clickId, abort } = await waiting(0);
    await service.pass(1_000);
    const state = await service.gateway.clicks.wait(facts, clickId, 30_000, abort.signal);
    expect(state.status).toBe('completed');
  });

  test('A17 the end of another click wakes nobody', async () => {
    const { service, facts, image, seen } = await waiting(30_000);
    service.server.segmentMs = 5_000;
    await service.click(facts, image, 'right');
    await service.click(facts, image, 'top');
    await service.pass(490);
    expect(seen.state).toBeUndefined();
  });

  test('A17 a failure ends the wait with its problem', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    service.server.segmentFaults.push(fault('rejected'));
    const { clickId } = await service.click(facts, image, 'left');
    const { signal } = new AbortController();
    const waits = service.gateway.clicks.wait(facts, clickId, 30_000, signal);
    await service.pass(600);
    const state = await waits;
    expect(state).toMatchObject({
      status: 'failed',
      problem: { code: 'feature_server_rejected', retryable: false },
    });
    expect(state.result).toBeUndefined();
  });

  test.each([
    ['undone', 'undo'],
    ['cancelled', 'remove'],
  ])('A17 an end by %s ends the wait', async (status, how) => {
    const { service, facts, clickId, seen } = await waiting(30_000);
    await service.pass(100);
    if (how === 'undo') await service.gateway.clicks.undo(facts, clickId);
    else await service.gateway.objects.remove(facts, objectId('left'));
    await service.pass(0);
    expect(seen.state?.status).toBe(status);
  });

  test('A17 a session that is removed meanwhile is session_not_found', async () => {
    const { service, facts, seen } = await waiting(30_000);
    await service.pass(100);
    await service.gateway.sessions.remove(facts.sessionId);
    await service.pass(0);
    expect(seen.error).toMatchObject({ code: 'session_not_found' });
  });

  test('A17 a caller that goes away ends the wait', async () => {
    const { service, abort, seen } = await waiting(30_000);
    await service.pass(100);
    abort.abort();
    await service.pass(0);
    expect(seen.state?.status).toBe('running');
  });

  test('A16 a failed object is segmented again on request; one that has not failed is a conflict', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    service.server.segmentFaults.push(fault('rejected'));
    const { clickId } = await service.click(facts, image, 'left');
    await service.pass(1_000);
    const id = objectId('left');
    expect((await service.gateway.objects.get(facts, id)).status).toBe('failed');
    const retried = await service.gateway.objects.retry(facts, id);
    expect(retried).toMatchObject({ objectId: 'left', revision: 1, queue: { state: 'queued' } });
    await service.pass(1_000);
    expect((await service.gateway.objects.get(facts, id)).status).toBe('ready');
    await expect(service.gateway.objects.retry(facts, id)).rejects.toMatchObject({
      code: 'conflict',
    });
    // Its click had ended, and ends once (A21).
    const [completed] = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed?.payload.covers).toEqual([]);
    expect((await service.gateway.clicks.state(facts, clickId)).status).toBe('failed');
  });
});
