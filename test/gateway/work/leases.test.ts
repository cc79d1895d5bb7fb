import { describe, expect, test } from 'vitest';
import { meddle } from '../support/faulty-engine.ts';
import { fault } from '../support/scripted-server.ts';
import type { ServiceOptions } from '../support/service.ts';
import { openService } from '../support/service.ts';

const SETTINGS = {
  // Not the subject here.
  deadlineMs: 600_000,
  leaseMs: 4_000,
  callTimeoutMs: 2_500,
  encodeTimeoutMs: 2_500,
};

/** A service on which commands of a port can be slowed down. */
function slowed(names: readonly string[], port: 'queue' | 'sessions' = 'queue') {
  const slow = { ms: 0, count: 0 };
  const options: ServiceOptions = {
    settings: SETTINGS,
    wrap: (engine, clock) =>
      meddle(engine, port, names, async (call) => {
        const reply = await call();
        slow.count += 1;
        if (slow.ms > 0) await clock.sleep(slow.ms);
        return reply;
      }),
  };
  return { service: openService(options), slow };
}

describe('leases and deadlines', () => {
  test('L6 a call gets the time that it may take, and the server is told', async () => {
    const { service } = slowed([]);
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'left');
    await service.pass(1_000);
    expect(service.server.encodes[0]?.deadlineMs).toBe(2_500);
    expect(service.server.segments[0]?.deadlineMs).toBe(2_500);
  });

  test('L6 a call that does not end is given up at its deadline, and its connection closed', async () => {
    const { service } = slowed([]);
    const { facts, image } = await service.readySession();
    service.server.segmentFaults.push('hang', 'hang');
    const { clickId } = await service.click(facts, image, 'left');
    await service.pass(2_499);
    const [call] = service.server.segments;
    expect(call?.signal.aborted).toBe(false);
    await service.pass(2);
    expect(call?.signal.aborted).toBe(true);
    await service.pass(10_000);
    const { status, problem } = await service.gateway.clicks.state(facts, clickId);
    expect(status).toBe('failed');
    expect(problem?.code).toBe('feature_server_timeout');
    expect(service.server.segments).toHaveLength(2);
  });

  test('L6 the deadline counts from before the claim is sent: a slow claim renews', async () => {
    const { service, slow } = slowed(['claim']);
    const { facts, image } = await service.readySession();
    const renewals = countRenewals(service);
    slow.ms = 1_500;
    await service.click(facts, image, 'left');
    // 1.5 of 4 s are gone when the claim returns; margin and call need 3.
    await service.pass(1_600);
    expect(service.server.segments).toHaveLength(1);
    expect(renewals.count).toBe(1);
  });

  test('L6 a fast claim needs no renewal', async () => {
    const { service, slow } = slowed(['claim']);
    const { facts, image } = await service.readySession();
    const renewals = countRenewals(service);
    slow.ms = 900;
    await service.click(facts, image, 'left');
    await service.pass(1_000);
    expect(service.server.segments).toHaveLength(1);
    expect(renewals.count).toBe(0);
  });

  test('L6 healing has leases of its own: none has to be renewed', async () => {
    const { service } = slowed([]);
    const { facts, image } = await service.readySession();
    const renewals = countRenewals(service);
    service.server.segmentMs = 2_000;
    service.server.encodeMs = 2_000;
    service.server.segmentFaults.push(fault('missing'));
    const { clickId } = await service.click(facts, image, 'left');
    await service.pass(7_000);
    const { status } = await service.gateway.clicks.state(facts, clickId);
    expect(status).toBe('completed');
    expect(renewals.count).toBe(0);
    expect(service.server.mostOpen).toBe(1);
  });

  test('L6 a lease that went to somebody else meanwhile lets no call go out', async () => {
    const slow = { ms: 0 };
    const service = openService({
      settings: SETTINGS,
      wrap: (engine, clock) =>
        meddle(engine, 'sessions', ['begin'], async (call) => {
          const reply = await call();
          if (slow.ms > 0) await clock.sleep(slow.ms);
          return reply;
        }),
    });
    const { facts, image } = await service.readySession();
    service.server.segmentMs = 2_000;
    slow.ms = 5_000;
    await service.click(facts, image, 'left');
    await service.pass(100);
    // Not slowed: it takes the token over when the lease is out, and is in its call at 5 s.
    service.spawn(service.bare).start();
    await service.pass(4_800);
    expect(service.server.open).toBe(1);
    await service.pass(20_000);
    expect(service.server.mostOpen).toBe(1);
    expect(service.server.segments).toHaveLength(1);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L6 a renewal that takes longer than the lease lets no call go out', async () => {
    const { service, slow } = slowed(['claim', 'renew']);
    const { facts, image } = await service.readySession();
    slow.ms = 4_500;
    await service.click(facts, image, 'left');
    await service.pass(9_100);
    slow.ms = 0;
    await service.pass(60_000);
    for (const call of service.server.segments) expect(call.deadlineMs).toBeGreaterThan(0);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  test('L4 a stalled worker’s late answer is refused, and the click ends once', async () => {
    const { service, slow } = slowed(['complete'], 'sessions');
    const { facts, image } = await service.readySession();
    const complete = service.bare.sessions.complete.bind(service.bare.sessions);
    const replies: { accepted: boolean }[] = [];
    let stalled = false;
    service.bare.sessions.complete = async (session, command) => {
      // The first worker stops for longer than its lease, right before it publishes.
      if (!stalled) {
        stalled = true;
        await service.clock.sleep(6_000);
      }
      const reply = await complete(session, command);
      replies.push(reply);
      return reply;
    };
    service.spawn().start();
    const { clickId } = await service.click(facts, image, 'left');
    await service.pass(20_000);
    expect(slow.count).toBe(2);
    expect(replies.map(({ accepted }) => accepted)).toEqual([true, false]);
    const completed = await service.logOf(facts.sessionId, 'segment.completed');
    expect(completed.map(({ payload }) => payload.covers)).toEqual([[clickId]]);
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({
      waiting: 0,
      leased: 0,
    });
  });

  test('L5 a gateway that dies with a lease loses nothing: the token is offered again', async () => {
    const service = openService({ settings: SETTINGS });
    const { facts, image } = await service.readySession();
    const now = service.clock.now();
    // Somebody else's claim, of which nothing is ever heard again.
    await service.gateway.drain();
    await service.click(facts, image, 'left');
    const claim = { gatewayId: 'dead', claimId: 'c', most: 1, leaseMs: SETTINGS.leaseMs, now };
    expect((await service.bare.queue.claim(claim)).leases).toHaveLength(1);
    service.spawn().start();
    await service.pass(3_900);
    expect(service.server.segments).toHaveLength(0);
    await service.pass(1_000);
    expect(await service.logOf(facts.sessionId, 'segment.completed')).toHaveLength(1);
  });

  function countRenewals(service: ReturnType<typeof openService>): { count: number } {
    const renewals = { count: 0 };
    const renew = service.bare.queue.renew.bind(service.bare.queue);
    service.bare.queue.renew = async (...args) => {
      renewals.count += 1;
      return await renew(...args);
    };
    return renewals;
  }
});
