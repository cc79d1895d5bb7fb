import { describe, expect, test } from 'vitest';
import { objectId } from '../../../src/core/ids.ts';
import { HandSink } from '../support/hand-sink.ts';
import { fault } from '../support/scripted-server.ts';
import type { ServiceOptions } from '../support/service.ts';
import { openService } from '../support/service.ts';

const DEADLINE_MS = 4_000;

function deadlineService(more: Partial<ServiceOptions> = {}) {
  const settings = { deadlineMs: DEADLINE_MS, maxWaitMs: 600_000, callTimeoutMs: 9_000 };
  return openService({ settings, ...more });
}

describe('deadlines', () => {
  test('A14 a click whose turn does not come ends at its deadline, though every place is taken', async () => {
    const service = deadlineService();
    const { facts, image } = await service.readySession();
    service.server.segmentFaults.push('hang');
    await service.click(facts, image, 'left');
    await service.pass(100);
    const { clickId } = await service.click(facts, image, 'right');
    await service.pass(DEADLINE_MS - 100);
    expect(await service.gateway.clicks.state(facts, clickId)).toMatchObject({ status: 'queued' });
    await service.pass(200);
    const state = await service.gateway.clicks.state(facts, clickId);
    expect(state).toMatchObject({ status: 'failed', problem: { code: 'deadline_exceeded' } });
    expect(service.server.segments).toHaveLength(1);
    await service.pass(20_000);
    const failed = await service.logOf(facts.sessionId, 'segment.failed');
    const covers = failed.flatMap(({ payload }) => payload.covers);
    expect(covers.filter((id) => id === clickId)).toHaveLength(1);
  });

  test('A14 an object waits as long as its newest click, and is answered for all of them', async () => {
    const service = deadlineService();
    const { facts, image } = await service.readySession();
    service.server.segmentMs = 5_000;
    await service.click(facts, image, 'left');
    const clicks: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      clicks.push((await service.click(facts, image, 'right')).clickId);
      await service.pass(1_800);
    }
    await service.pass(20_000);
    const completed = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed.map(({ payload }) => payload.covers)).toContainEqual(clicks);
    expect(await service.logOf(facts.sessionId, 'segment.failed')).toEqual([]);
  });

  test('B3 a server that works on is not left at the deadline, one that stops is', async () => {
    for (const cancellable of [false, true]) {
      const service = deadlineService({
        prepare: (server) => {
          server.facts = { ...server.facts, cancellable };
        },
      });
      const { facts, image } = await service.readySession();
      service.server.segmentFaults.push('hang');
      const { clickId } = await service.click(facts, image, 'left');
      const asked = () => service.server.segments[0];
      await service.pass(DEADLINE_MS + 1);
      expect(asked()?.deadlineMs).toBe(cancellable ? DEADLINE_MS : 9_000);
      expect(asked()?.signal.aborted).toBe(cancellable);
      await service.pass(9_000);
      expect(asked()?.signal.aborted).toBe(true);
      const state = await service.gateway.clicks.state(facts, clickId);
      expect(state.problem?.code).toBe('feature_server_timeout');
      const now = service.clock.now();
      expect(await service.bare.queue.load(now)).toMatchObject({ waiting: 0, leased: 0 });
    }
  });
});

describe('calls that nobody needs any more', () => {
  /** A call that takes its time, and what becomes of it when something happens meanwhile. */
  async function during(
    cancellable: boolean,
    happens: (scene: Awaited<ReturnType<typeof begun>>) => Promise<unknown>,
  ) {
    const scene = await begun(cancellable);
    await happens(scene);
    await scene.service.pass(0);
    const { aborted } = scene.service.server.segments[0]?.signal ?? { aborted: undefined };
    const load = await scene.service.bare.queue.load(scene.service.clock.now());
    await scene.service.pass(30_000);
    return { aborted, leased: load.leased };
  }

  async function begun(cancellable: boolean) {
    const service = openService({
      prepare: (server) => {
        server.facts = { ...server.facts, cancellable };
      },
    });
    const { facts, image } = await service.readySession();
    service.server.segmentMs = 3_000;
    const click = await service.click(facts, image, 'left');
    await service.pass(100);
    return { service, facts, image, click };
  }

  test('a call for an object that was removed is left if the server stops then; its place is free', async () => {
    const remove = ({ service, facts }: Awaited<ReturnType<typeof begun>>) =>
      service.gateway.objects.remove(facts, objectId('left'));
    expect(await during(true, remove)).toEqual({ aborted: true, leased: 0 });
    expect(await during(false, remove)).toEqual({ aborted: false, leased: 1 });
  });

  test('a call whose only click is undone is left, too', async () => {
    const undo = ({ service, facts, click }: Awaited<ReturnType<typeof begun>>) =>
      service.gateway.clicks.undo(facts, click.clickId as never);
    expect(await during(true, undo)).toEqual({ aborted: true, leased: 0 });
  });

  test('a call goes on when a newer click comes: its answer is useful', async () => {
    const click = ({ service, facts, image }: Awaited<ReturnType<typeof begun>>) =>
      service.click(facts, image, 'left');
    expect(await during(true, click)).toEqual({ aborted: false, leased: 1 });
  });
});

describe('a server that is down', () => {
  test('B5 clicks wait for it, and are answered when it is back; streams of all gateways are told', async () => {
    const service = openService({ concurrency: 4 });
    const other = service.spawn();
    other.start();
    const { facts, image } = await service.readySession();
    const sinks = [await service.stream(facts), new HandSink()] as const;
    await other.streams.open(facts, { kind: 'none' }, sinks[1]);
    service.server.segmentMs = 50;
    service.server.segmentFaults.push(...Array.from({ length: 9 }, () => fault('failed')));
    for (let n = 0; n < 10; n += 1) await service.click(facts, image, `o${n}`);
    await service.pass(10_000);
    for (const sink of sinks) {
      const states = sink.of('service.updated').map(({ data }) => data.payload.state);
      expect([states.includes('down'), states.at(-1)]).toEqual([true, 'ok']);
    }
    // Four that opened the breaker, three or four that were under way then; no probe, none that waited.
    const failed = await service.logOf(facts.sessionId, 'segment.failed');
    expect(failed.length).toBeLessThanOrEqual(8);
    const completed = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed.length + failed.length).toBe(10);
  });
});
