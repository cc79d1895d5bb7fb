import { isLoopback } from '../../adapters/http/host-guard.ts';
import type { Config } from '../config.ts';
import { isWildcard } from './hosts.ts';

/** What is allowed but hardly meant; a sentence each. */
export function doubts(config: Config): string[] {
  return [...unservedNames(config), ...unreachableSelf(config), ...lonelyServer(config)];
}

/** Listening on every address is of no use when no name but loopback's is served (A34). */
function unservedNames({ host, allowedHosts }: Config): string[] {
  if (!isWildcard(host) || allowedHosts.length > 0) return [];
  return [
    `HOST is ${host}, but only loopback names are served: list the others in MASKWIRE_ALLOWED_HOSTS.`,
  ];
}

/** A server elsewhere fetches images from here, by an address that it can reach. */
function unreachableSelf({ featureServer: { urls }, selfUrl }: Config): string[] {
  const isHere = urls.every((url) => isLoopback(new URL(url).hostname));
  if (selfUrl !== undefined || isHere) return [];
  return [
    'FEATURE_SERVER_URL is another machine, which may not reach this gateway by its default address: set MASKWIRE_SELF_URL.',
  ];
}

/** What one embedded server has prepared another one does not know. */
function lonelyServer({ storage, featureServer: { urls } }: Config): string[] {
  if (storage.redisUrl === undefined || urls.length > 0) return [];
  return [
    'REDIS_URL is set and FEATURE_SERVER_URL is not: with several gateways each would start a feature server of its own, and images would be prepared again and again.',
  ];
}
