/** Whose requests count together: of a session, an address, a tenant, and behind a proxy. */
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, openWithImage, send } from '../support/http-gateway.ts';
import { plainPng } from '../support/http-images.ts';
import { clickOn, limit, limited, PROXIED, rate } from './limited-gateway.ts';

describe('A5 rate limits', () => {
  it('A5 whoever hammers slows only itself: other sessions of the address go on', async () => {
    await using gateway = await limited({ rateLimit: limit(20) });
    const calm = await openWithImage(gateway);
    const wild = await openWithImage(gateway);
    const hammered = await Promise.all(
      Array.from({ length: 60 }, () => clickOn(gateway, wild.sessionId, wild.imageId)),
    );
    // One of its twenty was the image.
    expect(hammered.filter(({ status }) => status === 202)).toHaveLength(19);
    expect(hammered.filter(({ status }) => status === 429)).toHaveLength(41);
    expect((await clickOn(gateway, calm.sessionId, calm.imageId)).status).toBe(202);
  });

  it('A5 an address opens no more sessions than one session may ask for', async () => {
    await using gateway = await limited({ rateLimit: limit(4) });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      statuses.push((await send(gateway, 'POST', paths.sessions, {})).status);
    }
    expect(statuses).toEqual([201, 201, 201, 201, 429, 429]);
    const form = new FormData();
    form.set('image', new Blob([(await plainPng(8, 8)) as Uint8Array<ArrayBuffer>]));
    form.set('request', '{"points":[{"x":1,"y":1,"label":1}]}');
    const segment = await fetch(`${gateway.url}${paths.segment}`, { method: 'POST', body: form });
    expect([segment.status, ((await segment.json()) as Problem).code]).toEqual([
      429,
      'rate_limited',
    ]);
  });

  it('A5 all sessions of an address together have ten times what one has, invented ones too', async () => {
    await using gateway = await limited({ rateLimit: limit(2) });
    const statuses: number[] = [];
    for (let i = 0; i < 25; i += 1) {
      const invented = `ses_${String(i).padStart(22, 'x')}`;
      statuses.push((await send(gateway, 'DELETE', paths.session(invented))).status);
    }
    expect(statuses).toEqual([...Array(20).fill(404), ...Array(5).fill(429)]);
  });

  it('A5 a tenant has a limit of its own where it is set, which is used up by what passes only', async () => {
    await using gateway = await limited({ rateLimit: limit(3), tenantRateLimit: limit(6) });
    const { sessionId } = await openSession(gateway);
    const other = await openSession(gateway);
    const remove = (id: string) => send(gateway, 'DELETE', paths.object(id, 'none'));
    const first = await remove(sessionId);
    expect(rate(first).policy).toBe(
      '"session";q=3;w=300, "address";q=30;w=300, "tenant";q=6;w=600',
    );
    for (let i = 0; i < 5; i += 1) await remove(sessionId);
    const last = await remove(other.sessionId);
    expect([last.status, rate(last).left]).toEqual([404, '"tenant";r=0;t=1']);
    const refused = await remove(other.sessionId);
    expect([refused.status, rate(refused).left?.split(';')[0]]).toEqual([429, '"tenant"']);
  });
});

describe('A5 behind a proxy', () => {
  const open = (gateway: TestGateway, forwarded: string) =>
    send(gateway, 'POST', paths.sessions, {}, { 'x-forwarded-for': forwarded });

  it('A5 one that is trusted says who asks: each has its own', async () => {
    await using gateway = await limited({ rateLimit: limit(2), trustedProxies: PROXIED });
    const statuses = async (forwarded: string) => {
      const answers = [await open(gateway, forwarded), await open(gateway, forwarded)];
      return [...answers, await open(gateway, forwarded)].map(({ status }) => status);
    };
    expect(await statuses('203.0.113.9')).toEqual([201, 201, 429]);
    expect(await statuses('203.0.113.10')).toEqual([201, 201, 429]);
    // What stands before the proxy's own entry was claimed by the caller.
    expect((await open(gateway, '198.51.100.1, 203.0.113.9')).status).toBe(429);
    expect(gateway.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('A5 anybody else may claim what it likes, and the log says once what that may mean', async () => {
    await using gateway = await limited({ rateLimit: limit(2) });
    const claims = ['203.0.113.9', '203.0.113.10', '203.0.113.11'];
    const answers: number[] = [];
    for (const claim of claims) answers.push((await open(gateway, claim)).status);
    expect(answers).toEqual([201, 201, 429]);
    const warnings = gateway.log.lines.filter(({ level }) => level === 'warn');
    expect(warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining('MASKWIRE_TRUSTED_PROXIES') }),
    ]);
  });
});
