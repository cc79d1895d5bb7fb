/** What the tests against a real Redis share. */
import type { RedisConnections } from '../../src/adapters/redis/connections.ts';
import { openConnections } from '../../src/adapters/redis/connections.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import type { Script } from '../../src/adapters/redis/scripts.ts';
import type { Clock, Logger } from '../../src/ports/system.ts';
import { within } from '../contract/support.ts';
import type { RedisServer } from './redis-server.ts';

export const silent: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const realClock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Connections to a test's server, ready to be used. */
export async function connect(server: RedisServer): Promise<RedisConnections> {
  const connections = openConnections({ address: parseRedisUrl(server.url), log: silent });
  await connections.commands.ready(10_000);
  await connections.blobs.ready(10_000);
  return connections;
}

/** A script that is in no file. */
export function inlineScript<Reply>(source: string, keyCount = 0): Script<Reply> {
  return { name: 'inline', keyCount, source: `#!lua\n${source}`, sha: 'f'.repeat(40) };
}

/** Asks again and again until the answer is there; how that may fail is up to the caller. */
export async function eventually<Result>(
  label: string,
  ask: () => Promise<Result>,
  ms = 10_000,
): Promise<Result> {
  const end = Date.now() + ms;
  for (;;) {
    try {
      return await within(label, ask(), ms);
    } catch (error) {
      if (Date.now() >= end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
