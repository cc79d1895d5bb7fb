/**
 * Whose request it is, as far as the network tells: the address that connected, or the one that a
 * proxy names whom the configuration trusts. Anybody else may write any `X-Forwarded-For`.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import type { Logger } from '../../../ports/system.ts';
import type { Incoming } from '../node-http.ts';
import { headerOf } from '../node-http.ts';

const FORWARDED_FOR = 'x-forwarded-for';

/** What stands nearest to the end was written by proxies of ours: the rest of a longer header is cut. */
const MAX_HEADER = 1_000;

/** Bounds what is remembered of addresses that were read before: a quarter of a megabyte. */
const MAX_REMEMBERED = 1_000;
const MAX_REMEMBERED_LENGTH = 150;

/**
 * Names the client of a request: one text for everything that one client may call from, and the very
 * same one again and again, since open streams keep it.
 */
export type ClientAddress = (incoming: Incoming) => string;

/** `192.0.2.1`, `10.0.0.0/8`, `fd00::/8`. */
export function isAddressRange(text: string): boolean {
  return rangeOf(text) !== undefined;
}

/**
 * @param trusted addresses and ranges of proxies
 * @example
 * const clientAddress = createClientAddress(['10.0.0.0/8'], log);
 * clientAddress(incoming); // '203.0.113.9'
 */
export function createClientAddress(trusted: readonly string[], log: Logger): ClientAddress {
  const proxies = blockList(trusted);
  const isProxy = (address: string) =>
    trusted.length > 0 && proxies.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  const remembered = new Map<string, string>();
  let warned = false;
  const warn = (address: string) => {
    if (!warned) log.warn(UNLISTED_PROXY, { address });
    warned = true;
  };
  const nameOf = (peer: string, header: string | undefined) => {
    if (header === undefined) return block(peer);
    if (isProxy(peer)) return block(clientBehind(peer, header, isProxy));
    warn(peer);
    return block(peer);
  };
  return (incoming) => {
    const peer = plain(incoming.socket.remoteAddress ?? '');
    const header = headerOf(incoming, FORWARDED_FOR)?.slice(-MAX_HEADER);
    const asked = header === undefined ? peer : `${peer} ${header}`;
    const known = remembered.get(asked);
    if (known !== undefined) return known;
    const client = nameOf(peer, header);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    if (asked.length <= MAX_REMEMBERED_LENGTH) remembered.set(asked, client);
    return client;
  };
}

const UNLISTED_PROXY =
  'requests come with X-Forwarded-For from an address that MASKWIRE_TRUSTED_PROXIES does not list: if that is a proxy, all its users count as one';

/** From the last hop back to the first that is no proxy of ours: what stands before that was claimed. */
function clientBehind(peer: string, header: string, isProxy: (address: string) => boolean): string {
  let nearest = peer;
  for (const entry of header.split(',').reverse()) {
    const address = plain(withoutPort(entry.trim()));
    if (isIP(address) === 0) return nearest;
    nearest = address;
    if (!isProxy(address)) return address;
  }
  return nearest;
}

/** Some proxies write the port, and an IPv6 address in brackets. */
function withoutPort(entry: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(entry)?.[1];
  if (bracketed !== undefined) return bracketed;
  return entry.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}

/** Without a zone, and an IPv4 address as such where it came over an IPv6 socket. */
function plain(address: string): string {
  const bare = address.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  return mapped ?? bare;
}

/** Whoever has an IPv6 address has 2^64 of them: they count as one. */
function block(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const first = head.split(':').filter((group) => group !== '');
  const last = (tail ?? '').split(':').filter((group) => group !== '');
  // A dotted end stands for two groups; they lie in the half that is left out.
  const length = last.length + (last.at(-1)?.includes('.') === true ? 1 : 0);
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - length);
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of ranges) {
    const range = rangeOf(text);
    if (range === undefined) throw new TypeError(`${text} is no address and no range`);
    list.addSubnet(range.address, range.bits, range.family);
  }
  return list;
}

function rangeOf(text: string) {
  const [, address = '', bits] = /^([\d.a-fA-F:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const count = bits === undefined ? most : Number(bits);
  if (version === 0 || count > most) return undefined;
  return { address, bits: count, family: version === 4 ? 'ipv4' : 'ipv6' } as const;
}
