import { describe, expect, test } from 'vitest';
import { sessionId, tenant } from '../../src/core/ids.ts';
import { meddle } from './support/faulty-engine.ts';
import { openService } from './support/service.ts';

const TTL_MS = 600_000;
const MINUTE_MS = 60_000;
const settings = { sessionTtlMs: TTL_MS };
const TENANT = tenant('default');

describe('the life of a session', () => {
  test('A6 an id cannot be guessed, and the answer says when the session ends', async () => {
    const service = openService({ settings });
    const created = await service.gateway.sessions.create({ tenant: TENANT, subject: 'me' });
    expect(created.sessionId).toMatch(/^ses_[A-Za-z0-9_-]{22}$/);
    const expires = new Date(service.clock.now() + TTL_MS).toISOString();
    expect(created.expiresAt).toBe(expires);
    const [opened] = await service.log(created.sessionId);
    expect(created.cursor).toBe(`${opened?.position.epoch}-1`);
  });

  test('A8 an idle session expires: its log ends, its data and those of its images go', async () => {
    const service = openService({ settings });
    const { facts, image } = await service.readySession();
    await service.pass(TTL_MS - 2 * MINUTE_MS);
    expect(await service.bare.blobs.get(image)).toBeDefined();
    const told: unknown[] = [];
    await service.bare.log.subscribe(facts.sessionId, {
      appended: (events) => told.push(...events.map(({ type, payload }) => ({ type, payload }))),
      passing: () => {},
    });
    await service.pass(4 * MINUTE_MS);
    expect(told).toEqual([{ type: 'session.closed', payload: { reason: 'expired' } }]);
    expect(await service.bare.blobs.get(image)).toBeUndefined();
    const key = { tenant: facts.tenant, imageId: image };
    expect(await service.bare.images.find(key)).toBeUndefined();
    await expect(service.gateway.sessions.enter(facts.sessionId)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  test('A8 a request keeps a session alive', async () => {
    const service = openService({ settings });
    const facts = await service.session();
    for (let hour = 0; hour < 6; hour += 1) {
      await service.pass(TTL_MS - MINUTE_MS);
      await service.gateway.sessions.enter(facts.sessionId);
    }
    expect(await service.bare.sessions.find(facts.sessionId)).toBeDefined();
  });

  test('A8 a session is kept alive once in a while, not at every request', async () => {
    const touched = { count: 0 };
    const service = openService({
      settings,
      wrap: (engine) =>
        meddle(engine, 'sessions', ['touch'], (call) => {
          touched.count += 1;
          return call();
        }),
    });
    const facts = await service.session();
    await service.pass(1);
    touched.count = 0;
    for (let request = 0; request < 100; request += 1) {
      await service.gateway.sessions.enter(facts.sessionId);
      await service.pass(TTL_MS / 100);
    }
    expect(touched.count).toBeGreaterThan(15);
    expect(touched.count).toBeLessThan(25);
  });

  test('A8 a session that another gateway has closed is gone for every command', async () => {
    const service = openService({ settings });
    const { facts, image } = await service.readySession();
    await service.gateway.sessions.enter(facts.sessionId);
    await service.spawn().sessions.remove(facts.sessionId);
    const gone = { code: 'session_not_found' };
    await expect(service.click(facts, image, 'late')).rejects.toMatchObject(gone);
    await expect(service.gateway.sessions.look(facts.sessionId)).rejects.toMatchObject(gone);
    await expect(service.gateway.sessions.enter(facts.sessionId)).rejects.toMatchObject(gone);
  });

  test('A8 an open stream keeps a session alive, and its end starts the clock', async () => {
    const service = openService({ settings });
    const facts = await service.session();
    const sink = await service.stream(facts);
    await service.pass(6 * TTL_MS);
    expect(sink.over).toBe(false);
    await service.gateway.sessions.enter(facts.sessionId);
    sink.hangUp();
    await service.pass(TTL_MS + 2 * MINUTE_MS);
    expect(await service.bare.sessions.find(facts.sessionId)).toBeUndefined();
  });

  test.each([2_000, 30_000, 90_000])(
    'A8 an open stream keeps a session of %d ms alive at every moment',
    async (sessionTtlMs) => {
      const service = openService({ settings: { sessionTtlMs } });
      const facts = await service.session();
      await service.stream(facts);
      for (let moment = 0; moment < 50; moment += 1) {
        await service.pass(4_999);
        const { expiresAt } = (await service.bare.sessions.find(facts.sessionId)) ?? {};
        expect(expiresAt).toBeGreaterThan(service.clock.now());
      }
    },
  );

  test('A8 what has expired is gone, even before the clean-up has noticed', async () => {
    const service = openService({ settings });
    const facts = await service.session();
    await service.gateway[Symbol.asyncDispose]();
    await service.pass(TTL_MS);
    await expect(service.gateway.sessions.enter(facts.sessionId)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  test('A8 a session that is used while the clean-up runs is not cleaned up', async () => {
    const service = openService({
      settings,
      wrap: (engine, clock) =>
        meddle(engine, 'sessions', ['close'], async (call) => {
          const images = await call();
          await clock.sleep(1_000);
          return images;
        }),
    });
    await service.session();
    const facts = await service.session();
    await service.pass(TTL_MS - 1);
    // Both are over in a millisecond; the first takes a second to close, the other is used then.
    await service.gateway[Symbol.asyncDispose]();
    await service.pass(1);
    const cleaning = service.gateway.sessions.expire();
    await service.pass(500);
    await service.bare.sessions.touch(facts.sessionId, service.clock.now());
    await service.pass(5_000);
    await cleaning;
    expect(await service.bare.sessions.find(facts.sessionId)).toBeDefined();
  });

  test('A8 one session that cannot be closed does not keep the others alive', async () => {
    let failures = 0;
    const service = openService({
      settings,
      wrap: (engine) =>
        meddle(engine, 'sessions', ['close'], async (call) => {
          failures += 1;
          if (failures === 1) throw new Error('cannot be closed');
          return await call();
        }),
    });
    const [first, second] = [await service.session(), await service.session()];
    await service.gateway[Symbol.asyncDispose]();
    await service.pass(TTL_MS);
    await expect(service.gateway.sessions.expire()).rejects.toThrow('cannot be closed');
    expect(await service.bare.sessions.find(second.sessionId)).toBeUndefined();
    await service.gateway.sessions.expire();
    expect(await service.bare.sessions.find(first.sessionId)).toBeUndefined();
  });

  test('A8 deleting ends the session, its images and its work', async () => {
    const service = openService();
    const { facts, image } = await service.readySession();
    await service.click(facts, image, 'left');
    await service.click(facts, image, 'right');
    await service.pass(100);
    await service.gateway.sessions.remove(facts.sessionId);
    await service.pass(60_000);
    expect(service.server.segments).toHaveLength(1);
    expect(await service.bare.queue.load(service.clock.now())).toMatchObject({
      waiting: 0,
      leased: 0,
    });
    expect(await service.bare.blobs.get(image)).toBeUndefined();
    const key = { tenant: facts.tenant, imageId: image };
    expect(await service.bare.images.find(key)).toBeUndefined();
    await expect(service.gateway.sessions.remove(facts.sessionId)).rejects.toMatchObject({
      code: 'session_not_found',
    });
  });

  test('A8 a session that nobody made is session_not_found everywhere', async () => {
    const service = openService();
    const id = sessionId('ses_0000000000000000000000');
    const { sessions } = service.gateway;
    for (const attempt of [sessions.enter(id), sessions.snapshot(id), sessions.remove(id)]) {
      await expect(attempt).rejects.toMatchObject({ code: 'session_not_found' });
    }
  });
});
