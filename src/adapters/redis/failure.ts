import type { ProblemCode } from '../../core/problem.ts';
import { PROBLEM_CODES, ProblemError } from '../../core/problem.ts';

/** When callers may try again: a restart or a failover takes about this long. */
const RETRY_AFTER_MS = 1_000;

/** Nobody can say whether the command was carried out: the link broke before its reply came. */
export class LinkLost extends Error {
  override readonly name = 'LinkLost';
}

/** Replies of a server that works but cannot serve this now; what an operator has to know. */
const UNAVAILABLE: readonly (readonly [prefix: string, detail: string])[] = [
  ['OOM', 'The storage is full'],
  ['LOADING', 'The storage is starting'],
  ['READONLY', 'The storage is changing over'],
  ['MASTERDOWN', 'The storage is changing over'],
  ['CLUSTERDOWN', 'The storage is changing over'],
  ['TRYAGAIN', 'The storage is changing over'],
  ['MOVED', 'The storage is changing over'],
  ['ASK', 'The storage is changing over'],
  ['NOREPLICAS', 'The storage has too few copies'],
  ['MISCONF', 'The storage cannot write to its disk'],
  ['BUSY', 'The storage is busy'],
  ['NOAUTH', 'The storage refuses this gateway'],
  ['WRONGPASS', 'The storage refuses this gateway'],
  ['NOPERM', 'The storage refuses this gateway'],
];

export function storageUnavailable(detail: string, cause?: unknown): ProblemError {
  return new ProblemError('storage_unavailable', detail, { retryAfterMs: RETRY_AFTER_MS, cause });
}

export const isReply = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'ReplyError';

/** Something that we did wrong, not the server nor the network. */
export const isMistake = (error: unknown) =>
  error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;

/**
 * What callers are told of a failed command: the problem that a script refused with, or
 * `storage_unavailable`; a mistake of ours (a script that does not run) stays what it is.
 */
export function translated(error: unknown): unknown {
  if (error instanceof ProblemError || isMistake(error)) return error;
  if (!isReply(error)) return storageUnavailable('The storage cannot be reached', error);
  // Redis 7.0 puts a command's error into a script's by its code, with or without words before it.
  const [, detail] =
    UNAVAILABLE.find(([prefix]) => new RegExp(`^(ERR )?-?${prefix}\\b`).test(error.message)) ?? [];
  if (detail !== undefined) return storageUnavailable(detail, error);
  return refusal(error) ?? error;
}

/**
 * Scripts refuse with `redis.error_reply('PROBLEM ' .. cjson.encode({code = …, detail = …}))`,
 * `code` being one of {@link PROBLEM_CODES}, other members the extras of {@link ProblemError}.
 */
function refusal(error: Error): ProblemError | undefined {
  const json = /^PROBLEM (\{.*\})/.exec(error.message)?.[1];
  if (json === undefined) return undefined;
  const { code, detail, ...extras } = JSON.parse(json) as { code: ProblemCode; detail: string };
  if (!(code in PROBLEM_CODES)) return undefined;
  return new ProblemError(code, detail, { ...extras, cause: error });
}
