import { describe, expect, test } from 'vitest';
import { rankServers } from '../../../src/core/affinity.ts';
import type { SessionFacts } from '../../../src/ports/session-store.ts';
import { fault } from '../support/scripted-server.ts';
import type { Service, ServiceOptions } from '../support/service.ts';
import { nameOf, openService } from '../support/service.ts';

/** Some servers that keep embeddings as real ones do. */
const several = (options: ServiceOptions = {}): Service =>
  openService({
    servers: 2,
    concurrency: 4,
    ...options,
    prepare: (server) => {
      server.embeddings = new Set();
      options.prepare?.(server);
    },
  });

/** An image that belongs to the nth server. */
function imageOf(service: Service, n: number): string {
  const ids = service.servers.map(({ id }) => id);
  const names = ['cat', 'dog', 'fox', 'owl', 'bee', 'elk', 'cod', 'emu'];
  const name = names.find((each) => rankServers(nameOf(each), ids)[0] === ids[n]);
  if (name === undefined) throw new Error('no such image');
  return name;
}

/** A session with an image of the first server, prepared there. */
async function homed(service: Service) {
  const { facts, image } = await service.readySession(imageOf(service, 0));
  const [first, second] = service.servers.map(({ server }) => server);
  if (first === undefined || second === undefined) throw new Error('there are two servers');
  expect([first.encodes.length, second.encodes.length]).toEqual([1, 0]);
  return { facts, image, first, second };
}

/** How the clicks of a session have ended. */
async function endings(service: Service, { sessionId }: SessionFacts) {
  const completed = await service.logOf(sessionId, 'segment.completed');
  const failed = await service.logOf(sessionId, 'segment.failed');
  return { completed: completed.length, failed: failed.length };
}

describe('several feature servers', () => {
  test('B6 an image sticks to one, and images are spread over all', async () => {
    const service = several();
    for (const n of [0, 1]) {
      const { facts, image } = await service.readySession(imageOf(service, n));
      for (const object of ['left', 'right']) {
        await service.click(facts, image, object);
        await service.pass(600);
      }
    }
    for (const { server } of service.servers) {
      expect(server.encodes).toHaveLength(1);
      expect(server.segments).toHaveLength(2);
    }
  });

  test('B6 what is too much for one goes to the next, with an embedding of its own, made once', async () => {
    const service = several();
    const { facts, image, first, second } = await homed(service);
    for (const object of ['a', 'b', 'c', 'd', 'e', 'f']) await service.click(facts, image, object);
    await service.pass(3_000);
    expect(await endings(service, facts)).toEqual({ completed: 6, failed: 0 });
    expect(first.encodes).toHaveLength(1);
    expect(second.encodes).toHaveLength(1);
    expect(second.segments.length).toBeGreaterThan(0);
    expect(first.mostOpen).toBeLessThanOrEqual(4);
  });

  test('B6 FEATURE_CONCURRENCY bounds the calls of all together', async () => {
    const service = several();
    service.engine.queue.useServers(
      service.servers.map(({ id }) => id),
      3,
    );
    const { facts, image, first, second } = await homed(service);
    for (const object of ['a', 'b', 'c', 'd', 'e', 'f']) await service.click(facts, image, object);
    let most = 0;
    for (let ms = 0; ms < 4_000; ms += 50) {
      await service.pass(50);
      most = Math.max(most, first.open + second.open);
    }
    expect(most).toBe(3);
    expect(await endings(service, facts)).toEqual({ completed: 6, failed: 0 });
  });

  test('B5 a server that cannot be connected to hands its images on; no click pays for it', async () => {
    const service = several();
    const { facts, image, first, second } = await homed(service);
    first.leave();
    for (const object of ['a', 'b', 'c', 'd', 'e', 'f']) await service.click(facts, image, object);
    await service.pass(4_000);
    expect(await endings(service, facts)).toEqual({ completed: 6, failed: 0 });
    expect(second.encodes).toHaveLength(1);
    expect(second.segments).toHaveLength(6);
  });

  test('B5 two gateways have the embedding made once on the next server, and once on the one that is back', async () => {
    const service = several();
    const { facts, image, first, second } = await homed(service);
    const other = service.spawn();
    other.start();
    await service.pass(10);
    first.leave();
    for (const object of ['a', 'b', 'c', 'd']) await service.click(facts, image, object);
    await service.pass(3_000);
    expect(second.encodes).toHaveLength(1);
    first.isAway = false;
    const backAt = service.clock.now();
    // Past the pause of the breaker: the next click is the probe.
    await service.pass(5_000);
    for (const object of ['e', 'f', 'g', 'h']) await service.click(facts, image, object);
    await service.pass(3_000);
    for (const object of ['e', 'f', 'g', 'h']) await service.click(facts, image, object);
    await service.pass(3_000);
    expect(await endings(service, facts)).toEqual({ completed: 12, failed: 0 });
    expect(first.encodes).toHaveLength(2);
    expect(second.encodes).toHaveLength(1);
    // Its images are its own again.
    const later = (at: number) => at > backAt;
    expect(first.segments.filter(({ at }) => later(at)).length).toBeGreaterThanOrEqual(4);
    await other.drain();
  });

  test('B5 calls that a server takes along when it dies are retried by the next one', async () => {
    const service = several();
    const { facts, image, first, second } = await homed(service);
    await service.click(facts, image, 'left');
    await service.pass(100);
    expect(first.open).toBe(1);
    first.leave();
    await service.pass(4_000);
    expect(await endings(service, facts)).toEqual({ completed: 1, failed: 0 });
    expect(second.segments).toHaveLength(1);
  });

  test('B5 a timeout, too, is retried by the next one', async () => {
    const service = several({ settings: { callTimeoutMs: 1_000 } });
    const { facts, image, first, second } = await homed(service);
    first.segmentFaults.push('hang');
    await service.click(facts, image, 'left');
    await service.pass(4_000);
    expect(await endings(service, facts)).toEqual({ completed: 1, failed: 0 });
    expect(second.segments).toHaveLength(1);
  });

  test('B5 a server that is busy keeps its images: it is asked again when it said', async () => {
    const service = several();
    const { facts, image, first, second } = await homed(service);
    first.segmentFaults.push(fault('overloaded', 300));
    await service.click(facts, image, 'left');
    await service.pass(2_000);
    expect(await endings(service, facts)).toEqual({ completed: 1, failed: 0 });
    expect([first.segments.length, second.segments.length]).toEqual([2, 0]);
  });

  test('B5 an embedding that the next server refuses to make ends the clicks that need it', async () => {
    const service = several();
    const { facts, image, first, second } = await homed(service);
    first.leave();
    second.encodeFaults.push(fault('rejected'));
    await service.click(facts, image, 'left');
    await service.pass(3_000);
    const [failed] = await service.logOf(facts.sessionId, 'segment.failed');
    expect(failed?.payload.problem.code).toBe('feature_server_rejected');
    expect(second.encodes).toHaveLength(1);
    // A click of its own is a new try.
    await service.click(facts, image, 'left');
    await service.pass(3_000);
    expect(await endings(service, facts)).toEqual({ completed: 1, failed: 1 });
  });

  test('B5 when the next one leaves while it makes the embedding, the third one is asked', async () => {
    const service = several({ servers: 3 });
    const { facts, image, first } = await homed(service);
    first.leave();
    const ids = service.servers.map(({ id }) => id);
    const next = service.servers.find(({ id }) => id === rankServers(image, ids)[1])?.server;
    const last = service.servers.find(({ id }) => id === rankServers(image, ids)[2])?.server;
    await service.click(facts, image, 'left');
    await service.pass(100);
    expect(next?.open).toBe(1);
    next?.leave();
    await service.pass(6_000);
    expect(await endings(service, facts)).toEqual({ completed: 1, failed: 0 });
    expect(last?.encodes).toHaveLength(1);
  });

  test('B5 while all are away clicks wait; when one is back they end', async () => {
    const service = several();
    const { facts, image, first, second } = await homed(service);
    first.leave();
    second.leave();
    await service.click(facts, image, 'left');
    await service.pass(3_000);
    expect(await endings(service, facts)).toEqual({ completed: 0, failed: 0 });
    second.isAway = false;
    await service.pass(6_000);
    expect(await endings(service, facts)).toEqual({ completed: 1, failed: 0 });
  });

  test('A22 A32 degraded while one is away, down while all are, and it is said which', async () => {
    const service = several();
    const { facts, image, first, second } = await homed(service);
    const stream = await service.stream(facts);
    const state = () => stream.frames.findLast(({ event }) => event === 'service.updated');
    expect(await service.gateway.health.readiness()).toEqual({ ready: true, problems: [] });
    first.leave();
    await service.click(facts, image, 'left');
    await service.pass(2_000);
    const [{ id }] = service.servers as [(typeof service.servers)[0]];
    const problems = [`Feature server ${id} does not answer.`];
    expect(await service.gateway.health.readiness()).toEqual({ ready: true, problems });
    expect(state()).toMatchObject({ data: { payload: { state: 'degraded' } } });
    second.leave();
    await service.click(facts, image, 'right');
    await service.pass(1_000);
    expect((await service.gateway.health.readiness()).ready).toBe(false);
    expect(state()).toMatchObject({ data: { payload: { state: 'down' } } });
  });

  test('one that stays away is logged once for each reason, not at every try', async () => {
    const service = several({ prepare: (server) => server.leave() });
    await service.pass(30_000);
    const said = service.logged.filter(({ message }) => message.includes('does not answer'));
    expect(said).toHaveLength(service.servers.length);
  });

  test('B1 one that is not there at the start is found when it comes; the others work meanwhile', async () => {
    const service = several({ prepare: (server) => server.embeddings?.clear() });
    const [first, second] = service.servers.map(({ server }) => server);
    first?.leave();
    const late = service.spawn();
    late.start();
    await service.pass(2_000);
    const { facts, image } = await service.readySession(imageOf(service, 0));
    await service.click(facts, image, 'left');
    await service.pass(3_000);
    expect(await endings(service, facts)).toEqual({ completed: 1, failed: 0 });
    expect(second?.segments).toHaveLength(1);
    await late.drain();
  });
});

test('B5 the only server is tried as often when nobody can connect as when it fails', async () => {
  const service = openService();
  const { facts, image } = await service.readySession();
  service.server.segmentFaults.push(fault('unreachable'), fault('unreachable'));
  await service.click(facts, image, 'left');
  await service.pass(3_000);
  expect(service.server.segments).toHaveLength(2);
  expect(await endings(service, facts)).toEqual({ completed: 0, failed: 1 });
});
