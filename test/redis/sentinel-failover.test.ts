/** A primary that is lost, and a replica that Sentinels put in its place. */
import { describe, expect, it } from 'vitest';
import { objectId } from '../../src/core/ids.ts';
import type { SegmentToken } from '../../src/ports/work-queue.ts';
import { DividedRedis } from '../chaos/lost-primary/divided-redis.ts';
import { freshSessionId, point, Scene } from '../contract/support.ts';
import { SentinelGroup } from './sentinel-group.ts';
import { insist, listenTo, openGateway } from './support.ts';

const PREFIX = 'failover';
const LEASE_MS = 1_500;

const token: SegmentToken = {
  kind: 'segment',
  sessionId: freshSessionId(),
  objectId: objectId('o'),
};

describe('a primary with Sentinels', () => {
  it('L9 B6 that is killed: commands fail in time and go on at the replica, bells ring again', async () => {
    await using group = await SentinelGroup.start();
    await using engine = await openGateway(group.url, PREFIX);
    const [primary, replica] = group.servers;
    const { queue } = engine;
    await queue.setCeiling(1, 1);
    const bell = Promise.withResolvers<void>();
    const scene = await Scene.open(engine);
    const listener = await listenTo(scene);
    const before = await scene.click('a', point(1));
    await listener.hears(before.position);
    await group.inStep();

    await primary.stop();
    const { result: after, failures } = await insist('a click', () => scene.click('a', point(2)));
    expect(failures).toBeGreaterThan(0);
    expect(await group.changedFrom(primary)).toBe(replica);
    expect(after).toMatchObject({ revision: 2 });
    expect(after.position.epoch).toBeGreaterThan(before.position.epoch);
    await listener.hears(after.position);

    // Leases from before may be those of calls that still run.
    queue.onAvailable(bell.resolve);
    await insist('an enqueue', () => queue.enqueue(token, { now: Date.now() }));
    await bell.promise;
    const claim = async (claimId: string) => {
      const request = { gatewayId: 'g', claimId, most: 1, leaseMs: LEASE_MS, now: Date.now() };
      return (await queue.claim(request)).leases[0];
    };
    expect(await claim('too early')).toBeUndefined();
    await expect.poll(() => claim('in time'), { timeout: 10_000 }).toMatchObject({ token });
  });

  it('that stands still and comes back: nobody stays with it', async () => {
    await using group = await SentinelGroup.start();
    await using engine = await openGateway(group.url, PREFIX);
    await using other = await openGateway(group.url, PREFIX);
    const [primary] = group.servers;
    const scene = await Scene.open(engine);
    const listener = await listenTo(scene);
    await group.inStep();

    primary.freeze();
    const { result: during } = await insist('a click', () => scene.click('a', point(1)));
    await listener.hears(during.position);
    await insist('the other gateway', () => other.sessions.find(scene.session));
    // For a while it takes itself for the primary, and whoever asks it would be told what is old.
    primary.thaw();
    await insist('readiness', () => engine.ready().then(() => true));
    const after = await other.sessions.accept(scene.session, scene.command('a', point(2)));
    expect(after).toMatchObject({ revision: 2 });
    await listener.hears(after.position);
    expect(await scene.position()).toEqual(after.position);
  });

  it('L9 that is cut off from all but the gateways: they leave it, though nothing breaks', async () => {
    await using divided = await DividedRedis.start({ downAfterMs: 1_000 });
    await using engine = await openGateway(divided.url, PREFIX);
    const scene = await Scene.open(engine);
    const listener = await listenTo(scene);
    const before = await scene.click('a', point(1));
    await divided.inStep();
    divided.isolatePrimary();
    await divided.failedOver();
    // The old one still answers, and would keep what it takes to itself.
    const left = async () => (await scene.position()).epoch > before.position.epoch;
    await expect.poll(left, { timeout: 10_000 }).toBe(true);
    const after = await scene.click('a', point(2));
    expect(after).toMatchObject({ revision: 2 });
    await listener.hears(after.position);
  });

  it('goes on when all but one of the Sentinels are gone', async () => {
    await using group = await SentinelGroup.start();
    await using engine = await openGateway(group.url, PREFIX);
    const scene = await Scene.open(engine);
    for (const sentinel of group.sentinels.slice(1)) await sentinel.stop();
    expect(await scene.click('a', point(1))).toMatchObject({ revision: 1 });
    // A gateway that starts now finds the primary, too.
    await using late = await openGateway(group.url, PREFIX);
    const second = await late.sessions.accept(scene.session, scene.command('a', point(2)));
    expect(second).toMatchObject({ revision: 2 });
  });
});
