import type { Logger } from '../../ports/system.ts';
import type { RedisLink } from './link.ts';
import type { RedisAddress } from './redis-url.ts';
import { nameOf } from './redis-url.ts';

/** Scripts with `#!lua` and exact stream ids need it. */
const OLDEST_MAJOR = 7;

/** Redis cannot be used as it is; the message says what to do, and shows no password. */
export class RedisStartError extends Error {
  override readonly name = 'RedisStartError';
}

/** Trying again will not help. */
const REFUSED = /WRONGPASS|invalid password|NOAUTH|NOPERM/;

/** How Redis says why it does not let us in; what to do about it. */
const REFUSALS: readonly (readonly [reply: RegExp, advice: string])[] = [
  [/WRONGPASS|invalid password/i, 'refuses the user or password of REDIS_URL'],
  [/NOAUTH/, 'asks for a password: set REDIS_URL=redis://:<password>@<host>:<port>'],
  [/NOPERM/, 'does not let this user do what is needed: give it all commands on all keys'],
  [/DB index/i, 'has no database of the number at the end of REDIS_URL'],
  [/LOADING/, 'is still reading its data from disk: try again in a while'],
  [/ECONNREFUSED/, 'does not answer: start Redis, or correct REDIS_URL'],
  [/ENOTFOUND|EAI_AGAIN/, 'is not known by that name: correct REDIS_URL'],
  [/SSL|TLS|certificate|wrong version number/i, 'speaks no TLS, or not one that is trusted'],
];

/** Waits for the connection; fails at once when waiting would not help. */
export async function connected(link: RedisLink, name: string, withinMs: number): Promise<void> {
  try {
    await link.ready(withinMs, (error) => REFUSED.test(error.message));
  } catch (error) {
    throw refused(name, link.lastError ?? error);
  }
}

/** What is wrong with the server, if it does not work or loses what it should keep. */
export async function checkServer(
  link: RedisLink,
  address: RedisAddress,
  log: Logger,
): Promise<void> {
  const name = nameOf(address);
  const text = await link
    .use(async (client) => {
      // ioredis goes on in database 0 when there is no such database.
      await client.select(address.db);
      return await client.info();
    })
    .catch((error: unknown) => {
      throw refused(name, error);
    });
  const info = facts(text);
  const version = info.get('redis_version') ?? '0';
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw new RedisStartError(
      `Redis at ${name} is version ${version}; Maskwire needs ${OLDEST_MAJOR}.0 or newer.`,
    );
  }
  if (info.get('cluster_enabled') === '1') {
    throw new RedisStartError(
      `Redis at ${name} is a cluster, which is not supported in this version: use a single primary.`,
    );
  }
  if (info.get('role') === 'slave') {
    throw new RedisStartError(`Redis at ${name} is a replica: REDIS_URL must name the primary.`);
  }
  for (const warning of warnings(info)) log.warn(warning, { server: name });
}

function warnings(info: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const policy = info.get('maxmemory_policy') ?? 'noeviction';
  if (policy !== 'noeviction') {
    found.push(
      `Redis may DROP SESSIONS AND IMAGES when its memory is full (maxmemory-policy ${policy}): set maxmemory-policy noeviction`,
    );
  }
  if (info.get('aof_enabled') === '0') {
    found.push(
      'Redis keeps no log on disk: when it crashes, what came since its last snapshot is lost; set appendonly yes',
    );
  }
  return found;
}

function refused(name: string, error: unknown): RedisStartError {
  const text = messages(error);
  const [, advice] = REFUSALS.find(([reply]) => reply.test(text)) ?? [];
  return new RedisStartError(`Redis at ${name} ${advice ?? `cannot be used: ${text}`}.`, {
    cause: error,
  });
}

function messages(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const cause = error.cause === undefined ? '' : messages(error.cause);
  return [error.message, code, cause].filter((text) => text !== '').join(' ');
}

function facts(info: string): ReadonlyMap<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
