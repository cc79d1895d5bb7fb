import { isLoopback } from '../../adapters/http/host-guard.ts';

/** True for an address to listen on, or to call, that never leaves this machine. */
export function isLoopbackHost(host: string): boolean {
  return isLoopback(host.includes(':') ? `[${host}]` : host);
}

/** True for an address that stands for all of the machine's. */
export function isWildcard(host: string): boolean {
  return /^[0:.]+$/.test(host);
}
