/** A5 behind the proxies of `deploy/`: each of their users counts alone. */
import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { Pair } from './gateways.ts';
import { startPair } from './gateways.ts';
import type { ProxyProcess } from './proxies.ts';
import { PROXY_NAMES, startProxy } from './proxies.ts';

/** Opens a session from an address of this machine, claiming to come from another. */
async function open(url: string, localAddress: string, claimed: string): Promise<number> {
  const asked = request(`${url}${paths.sessions}`, {
    ...{ method: 'POST', localAddress, agent: false },
    headers: { 'x-forwarded-for': claimed },
  });
  asked.end();
  const [response] = await once(asked, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

let pair: Pair;
beforeAll(async () => {
  // The proxies themselves call from 127.0.0.1.
  pair = await startPair({
    MASKWIRE_RATE_LIMIT: '0.001:4',
    MASKWIRE_TRUSTED_PROXIES: '127.0.0.1',
  });
});
afterAll(() => pair?.[Symbol.asyncDispose]());

describe.each(PROXY_NAMES)('%s', (name) => {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    proxy = await startProxy(name, pair.addresses);
  });
  afterAll(() => proxy?.[Symbol.asyncDispose]());

  const net = PROXY_NAMES.indexOf(name) + 1;

  test('A5 whoever hammers slows only itself, whatever it claims and whichever gateway answers', async () => {
    const hammered: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      hammered.push(await open(proxy.url, `127.0.${net}.2`, `203.0.113.${i}`));
    }
    const passed = hammered.filter((status) => status === 201).length;
    // Each of two gateways lets through two too many at most.
    expect(passed).toBeGreaterThanOrEqual(4);
    expect(passed).toBeLessThanOrEqual(4 + 2 * 2);
    expect(hammered.slice(-4)).toEqual([429, 429, 429, 429]);
    expect(await open(proxy.url, `127.0.${net}.3`, '203.0.113.1')).toBe(201);
  });
});
