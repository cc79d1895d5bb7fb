import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createClientAddress } from '../../src/adapters/http/limits/client-address.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function clientOf(peer: string | undefined, forwarded: string, trusted: readonly string[]): string {
  const headers = forwarded === '' ? {} : { 'x-forwarded-for': forwarded };
  // The two members that are looked at.
  const incoming = { headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage;
  const clientAddress = createClientAddress(trusted, silent);
  // The second time from what it remembers.
  expect(clientAddress(incoming)).toBe(clientAddress(incoming));
  return clientAddress(incoming);
}

const PROXIES = ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'];

describe('A5 the address that a request counts for', () => {
  it.each<[string, string, string, string]>([
    ['without a header', '203.0.113.1', '', '203.0.113.1'],
    ['over a socket of both families', '::ffff:203.0.113.1', '', '203.0.113.1'],
    ['of a proxy that says nothing', '10.0.0.1', '', '10.0.0.1'],
    ['named by a proxy', '10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['named by a proxy over a socket of both', '::ffff:10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['named by the one address that is listed', '192.0.2.7', '203.0.113.1', '203.0.113.1'],
    ['named by its neighbour', '192.0.2.8', '203.0.113.1', '192.0.2.8'],
    ['behind two proxies', '10.0.0.1', '203.0.113.1, 10.9.9.9', '203.0.113.1'],
    ['before which somebody claims another', '10.0.0.1', '1.2.3.4, 203.0.113.1', '203.0.113.1'],
    ['in a net of proxies only', '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['with a port', '10.0.0.1', '203.0.113.1:4711', '203.0.113.1'],
    ['in brackets with a port', '10.0.0.1', '[2001:db8::1]:4711', '2001:db8:0:0::/64'],
    ['of a proxy by IPv6', 'fd00::1', '203.0.113.1', '203.0.113.1'],
    ['hidden', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['behind a hidden one', '10.0.0.1', '203.0.113.1, _secret, 10.0.0.9', '10.0.0.9'],
    ['after garbage', '10.0.0.1', '", ,;203.0.113.1', '10.0.0.1'],
    ['in an empty list', '10.0.0.1', ', ,', '10.0.0.1'],
  ])('A5 %s', (_what, peer, forwarded, client) => {
    expect(clientOf(peer, forwarded, PROXIES)).toBe(client);
  });

  it('A5 nobody is believed when nobody is listed', () => {
    expect(clientOf('10.0.0.1', '203.0.113.1', [])).toBe('10.0.0.1');
  });

  it('A5 a header without end is read from its end', () => {
    const claims = `${'1.2.3.4, '.repeat(10_000)}203.0.113.1`;
    expect(clientOf('10.0.0.1', claims, PROXIES)).toBe('203.0.113.1');
  });

  it('A5 a connection without an address counts as one like it', () => {
    expect(clientOf(undefined, '', PROXIES)).toBe('');
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:01:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['2001:db8::2:3:4:5:6', '2001:db8:0:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('A5 %s counts with all of %s', (peer, block) => {
    expect(clientOf(peer, '', [])).toBe(block);
  });
});
