/** What to do about a Redis that cannot be used; said once, when a gateway starts. */
import type { RedisNode } from './redis-node.ts';
import type { RedisAddress } from './redis-url.ts';
import { nameOf } from './redis-url.ts';

/** Redis cannot be used as it is; the message says what to do, and shows no password. */
export class RedisStartError extends Error {
  override readonly name = 'RedisStartError';
}

/** Trying again will not help. */
const HOPELESS =
  /WRONGPASS|invalid password|NOAUTH|NOPERM|cluster support disabled|unknown command|No such master|is a (replica|Sentinel)|certificate|altname/i;

/** Of servers of every kind. */
const ADVICE: readonly (readonly [said: RegExp, advice: string])[] = [
  [/WRONGPASS|invalid password/i, 'refuses the user or password of REDIS_URL'],
  [/NOAUTH/, 'asks for a password: set REDIS_URL=redis://:<password>@<host>:<port>'],
  [/NOPERM/, 'does not let this user do what is needed: give it all commands, keys and channels'],
  [/DB index/i, 'has no database of the number at the end of REDIS_URL'],
  [/LOADING/, 'is still reading its data from disk: try again in a while'],
  [/is a replica/, 'is a replica: REDIS_URL must name the primary'],
  [
    /is a Sentinel/,
    'is a Sentinel: set REDIS_URL=redis+sentinel://<host>:<port>/<name of primary>',
  ],
  [/cluster support disabled/, 'is in no cluster: set REDIS_URL=redis://<host>:<port>'],
  [
    /unknown command 'cluster'/i,
    'is a Sentinel: set REDIS_URL=redis+sentinel://<host>:<port>/<name of primary>',
  ],
  [/unknown command 'sentinel'/i, 'is not a Sentinel: set REDIS_URL=redis://<host>:<port>'],
  [/No such master/i, 'knows no primary of the name at the end of REDIS_URL'],
  [/CLUSTERDOWN/, 'has no slots: see redis-cli --cluster check, and --cluster fix'],
  [/ECONNREFUSED/, 'does not answer: start Redis, or correct REDIS_URL'],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|no answer within/,
    'cannot be reached: look at the network, or correct REDIS_URL',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'is not known by that name: correct REDIS_URL'],
  [
    /altname/i,
    'has a certificate for another name: REDIS_URL must name it as the certificate does',
  ],
  [
    /certificate/i,
    'has a certificate that is not trusted: name the file of its authority in NODE_EXTRA_CA_CERTS',
  ],
  [/SSL|TLS|wrong version number/i, 'speaks no TLS: set REDIS_URL=redis://<host>:<port>'],
  [/closed|ECONNRESET|EPIPE/i, 'ends the connection: it may want TLS (rediss://)'],
];

/** Of servers that are to speak TLS: one that does not waits for more, for ever. */
const TLS_ADVICE: typeof ADVICE = [
  [
    /ETIMEDOUT|no answer within/,
    'does not answer in time: it may speak no TLS (redis: instead of rediss:), or not be reachable',
  ],
];

/** Of Sentinels, which have users of their own. */
const SENTINEL_ADVICE: typeof ADVICE = [
  [/WRONGPASS|invalid password/i, 'refuses sentinelUser or sentinelPassword of REDIS_URL'],
  [/NOAUTH/, 'asks for a password: add ?sentinelPassword=<password> to REDIS_URL'],
];

export function isHopeless(error: unknown): boolean {
  return HOPELESS.test(saidBy(error));
}

/** `node` is who could not be used, `isPrimary` whether commands would go there. */
export function startFailure(
  address: RedisAddress,
  { node, isPrimary, error }: { node: RedisNode; isPrimary: boolean; error: unknown },
): RedisStartError {
  const said = saidBy(error);
  const isSentinel = address.kind === 'sentinel' && !isPrimary;
  const known = [
    ...(isSentinel ? SENTINEL_ADVICE : []),
    ...(address.tls ? TLS_ADVICE : []),
    ...ADVICE,
  ];
  const [, advice] = known.find(([reply]) => reply.test(said)) ?? [];
  const who = subject(address, node, isPrimary);
  return new RedisStartError(`${who} ${advice ?? `cannot be used: ${said}`}.`, { cause: error });
}

function subject(address: RedisAddress, node: RedisNode, isPrimary: boolean): string {
  const name = nameOf(address);
  if (address.kind === 'standalone') return `Redis at ${name}`;
  if (address.kind === 'cluster') return `Redis Cluster at ${name}: ${node.name}`;
  const role = isPrimary ? 'the primary' : 'no Sentinel can be asked,';
  return `Redis at ${name}: ${role} ${node.name}`;
}

/** With its code and its causes. */
function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const cause = error.cause === undefined ? '' : saidBy(error.cause);
  return [error.message, code, cause].filter((text) => text !== '').join(' ');
}
