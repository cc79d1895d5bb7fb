/**
 * Who may speak to a gateway without authentication (A34). A page of any site can make a browser send
 * requests to 127.0.0.1, and by DNS rebinding even read the answers; what it cannot do is choose the
 * `Host` and `Origin` headers that the browser sends along.
 */
import { ProblemError } from '../../core/problem.ts';
import { HEADERS } from '../../protocol/routes.ts';
import type { Incoming } from './node-http.ts';
import { headerOf, isHttp2 } from './node-http.ts';

export interface GuardOptions {
  /** Host names, with or without a port, that are served besides the loopback ones. */
  readonly allowedHosts: readonly string[];
  /** Origins that are served besides the loopback ones. */
  readonly cors: readonly string[];
}

/** Name, IPv4 address or IPv6 address in brackets, and a port; nothing that a URL could hide in. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const LOOPBACK_V4 = /^127(?:\.\d{1,3}){3}$/;

/**
 * Rejects a request that has not exactly one `Host`, or that comes from where nobody listed.
 * `Origin: null` stands for every sandboxed page of the world, so it passes only together with
 * `Sec-Fetch-Site: same-origin`, which no page can forge (a page of ours under `no-referrer` sends
 * that pair with form posts and beacons).
 * @throws {ProblemError} `invalid_request` or `origin_not_allowed`
 */
export function checkHostAndOrigin(incoming: Incoming, options: GuardOptions): void {
  const host = hostOf(incoming);
  if (!hostAllowed(host, options.allowedHosts)) {
    throw new ProblemError('origin_not_allowed', 'This host name is not served here.');
  }
  const origin = headerOf(incoming, 'origin');
  if (origin !== undefined && !originAllowed(origin, host, incoming, options)) {
    throw new ProblemError('origin_not_allowed', 'This origin is not allowed here.');
  }
}

/** The one host that the request names, in its header and, if it has one, in its target. */
function hostOf(incoming: Incoming): URL {
  const text = isHttp2(incoming) ? http2Host(incoming) : http1Host(incoming);
  const url = parseHost(text);
  if (url === null) throw new ProblemError('invalid_request', 'The Host header is not valid.');
  const target = incoming.url ?? '/';
  if (!target.startsWith('/') && URL.parse(target)?.host !== url.host) {
    throw new ProblemError('invalid_request', 'The request target contradicts the Host header.');
  }
  return url;
}

/** Requests name the same host as the one before, as a rule, and parsing costs more than comparing. */
let last: { readonly text: string; readonly url: URL | null } = { text: '', url: null };

function parseHost(text: string): URL | null {
  if (text !== last.text) {
    last = { text, url: HOST.test(text) ? URL.parse(`http://${text}`) : null };
  }
  return last.url;
}

function http2Host(incoming: Incoming): string {
  return headerOf(incoming, ':authority') ?? headerOf(incoming, 'host') ?? '';
}

/** Two Host headers may be read as different ones by a proxy and by us: refuse them. */
function http1Host(incoming: Incoming): string {
  const raw = incoming.rawHeaders;
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() === 'host') count++;
  }
  if (count !== 1) {
    throw new ProblemError('invalid_request', 'Exactly one Host header is needed.');
  }
  return incoming.headers.host ?? '';
}

function hostAllowed(host: URL, allowed: readonly string[]): boolean {
  if (isLoopback(host.hostname)) return true;
  return allowed.some((entry) => {
    const name = entry.toLowerCase();
    return name === host.host || name === host.hostname;
  });
}

function originAllowed(
  origin: string,
  host: URL,
  incoming: Incoming,
  { cors }: GuardOptions,
): boolean {
  if (origin === 'null') return headerOf(incoming, 'sec-fetch-site') === 'same-origin';
  if (cors.includes(origin)) return true;
  const url = URL.parse(origin);
  if (url === null || url.origin !== origin) return false;
  return isLoopback(url.hostname) || sameHost(url, host);
}

/** Behind a proxy that ends TLS the page is on https and we are not: only host and port count. */
function sameHost(origin: URL, host: URL): boolean {
  if (origin.hostname !== host.hostname) return false;
  const asked = host.port === '' ? ['80', '443'] : [host.port];
  return asked.includes(origin.port || (origin.protocol === 'https:' ? '443' : '80'));
}

/** True for names and addresses that never leave the machine. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '').toLowerCase();
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    LOOPBACK_V4.test(name)
  );
}

/** A caller's own request id, if it is fit to be written into logs and headers (A3). */
export function callerRequestId(incoming: Incoming): string | undefined {
  const id = headerOf(incoming, HEADERS.requestId);
  return id !== undefined && /^[A-Za-z0-9._-]{1,128}$/.test(id) ? id : undefined;
}
