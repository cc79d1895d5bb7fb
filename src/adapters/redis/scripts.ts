import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isReply } from './failure.ts';
import type { RedisLink } from './link.ts';

/** What a script is given besides its keys. */
export type ScriptArgument = string | number | Buffer;

/** A script of `lua/`, as it is sent. `Reply` is what its header promises. */
export interface Script<Reply> {
  readonly name: string;
  readonly keyCount: number;
  readonly source: string;
  readonly sha: string;
  /** Never there; carries the type of the reply. */
  readonly reply?: Reply;
}

const FOLDER = new URL('./lua/', import.meta.url);
const INCLUDE = /^-- include ([\w./-]+)$/gm;

/**
 * Reads `lua/<name>.lua`. Its name ends with the number of its keys, its first line is `#!lua`: with
 * that, Redis refuses keys of another slot. A line `-- include pool/lib` is replaced with
 * `lua/pool/lib.lua`, since scripts cannot call each other.
 *
 * @example
 * const CLAIM = script<[token: string, fence: string] | null>('pool/claim-9');
 * const reply = await run(link, CLAIM, keys.pool(), [claimId, leaseMs]);
 */
export function script<Reply>(name: string): Script<Reply> {
  const keyCount = Number(/-(\d+)$/.exec(name)?.[1]);
  if (Number.isNaN(keyCount)) throw new Error(`${name}.lua does not say how many keys it takes`);
  const source = read(name);
  if (!source.startsWith('#!lua')) throw new Error(`${name}.lua does not begin with #!lua`);
  const sha = createHash('sha1').update(source).digest('hex');
  return { name, keyCount, source, sha };
}

/**
 * Runs a script by its hash; with its text where the server does not know it (any more). It may run
 * twice when a link breaks: see {@link RedisLink}.
 */
export function run<Reply>(
  link: RedisLink,
  { name, keyCount, sha, source }: Script<Reply>,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<Reply> {
  if (keys.length !== keyCount) {
    return Promise.reject(new TypeError(`${name} takes other keys than ${keys.length}`));
  }
  const [key] = keys;
  const byText = (error: unknown) => {
    if (!isReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
    link.reordered();
    return link.use((client) => client.eval(source, keyCount, ...keys, ...args), key);
  };
  const reply = link.use((client) => client.evalsha(sha, keyCount, ...keys, ...args), key);
  // The header of the script and the place of its `script<…>()` are read side by side.
  return reply.catch(byText) as Promise<Reply>;
}

function read(name: string): string {
  const text = readFileSync(new URL(`${name}.lua`, FOLDER), 'utf8');
  return text.replace(INCLUDE, (_, part: string) => read(part).trimEnd());
}
