/** What the tests against a real Redis share. */

import type { RedisConnections } from '../../src/adapters/redis/connections.ts';
import { openConnections } from '../../src/adapters/redis/connections.ts';
import type { RedisEngine } from '../../src/adapters/redis/engine.ts';
import { openRedisEngine } from '../../src/adapters/redis/engine.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import type { Script } from '../../src/adapters/redis/scripts.ts';
import type { Position } from '../../src/core/cursor.ts';
import { formatCursor } from '../../src/core/cursor.ts';
import { ProblemError } from '../../src/core/problem.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import type { Logger } from '../../src/ports/system.ts';
import type { Scene } from '../contract/support.ts';
import { CONTRACT_SETTINGS, within } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import type { RedisServer } from './redis-server.ts';

/** What is promised is a second; these machines stand still at times. */
const ANSWER_MS = 2_000;
/** A replica has taken over long before. */
const RECOVERY_MS = 20_000;

export const silent: Logger = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Connections to a test's server, ready to be used. */
export async function connect(server: Pick<RedisServer, 'url'>): Promise<RedisConnections> {
  const connections = openConnections({ address: parseRedisUrl(server.url), log: silent });
  await connections.commands.ready(10_000);
  await connections.blobs.ready(10_000);
  return connections;
}

/** Engines of which each is a gateway, on servers of any kind. */
export function openGateway(url: string, prefix: string, log = silent): Promise<RedisEngine> {
  return openRedisEngine({ url, prefix, settings: CONTRACT_SETTINGS, log });
}

/** Hears one session; what it heard, and a way to wait for it. */
export async function listenTo({ engine, session }: Scene) {
  const heard: LoggedEvent[] = [];
  const looking = new Set<() => void>();
  const end = await engine.log.subscribe(session, {
    appended: (events) => {
      heard.push(...events);
      for (const look of looking) look();
    },
    passing: () => undefined,
  });
  return {
    heard,
    end,
    /** Resolves when the event at the position was heard. */
    async hears(position: Position, ms = 15_000): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const name = formatCursor(position);
      const look = () => {
        if (heard.some((event) => formatCursor(event.position) === name)) resolve();
      };
      looking.add(look);
      look();
      await within(`the bell of ${name}`, promise, ms).finally(() => looking.delete(look));
    },
  };
}

export function isUnavailable(error: unknown): boolean {
  return error instanceof ProblemError && error.code === 'storage_unavailable';
}

/** Gives a command again as long as it fails as `storage_unavailable`; another failure is one at once. */
export async function whileUnavailable<Result>(
  label: string,
  command: () => Promise<Result>,
  ms: number,
): Promise<Result> {
  const attempt = async () => {
    try {
      return { result: await command() };
    } catch (error) {
      if (isUnavailable(error)) throw error;
      return { error };
    }
  };
  const outcome = await eventually(label, attempt, ms);
  if ('error' in outcome) throw outcome.error;
  return outcome.result;
}

/**
 * Gives a command until it succeeds. Each attempt is answered in time, and all that failed did so as
 * `storage_unavailable`.
 */
export async function insist<Result>(
  label: string,
  command: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly failures: number }> {
  let attempts = 0;
  const attempt = async () => {
    attempts += 1;
    return await within(`${label}: an answer in time`, command(), ANSWER_MS);
  };
  const result = await whileUnavailable(label, attempt, RECOVERY_MS);
  return { result, failures: attempts - 1 };
}

/** A script that is in no file. */
export function inlineScript<Reply>(source: string, keyCount = 0): Script<Reply> {
  return { name: 'inline', keyCount, source: `#!lua\n${source}`, sha: 'f'.repeat(40) };
}

/** The first of which that is true; throws when there is none. */
export function mustFind<Item>(
  items: readonly Item[],
  is: (item: Item, at: number) => boolean,
): Item {
  const item = items.find(is);
  if (item === undefined) throw new Error('there is no such one');
  return item;
}
