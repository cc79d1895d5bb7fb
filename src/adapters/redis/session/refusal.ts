import type { ProblemCode } from '../../../core/problem.ts';
import { ProblemError } from '../../../core/problem.ts';

/** What a script that can refuse replies: `done` with its result, or a code and what belongs to it. */
export type Reply<Result extends readonly unknown[]> =
  | readonly ['done', ...Result]
  | readonly [Refused, ...(readonly unknown[])];

/** The reply of a script that changes something: first under which replication id it did. */
export type Written<Result extends readonly unknown[]> = Reply<[replicationId: string, ...Result]>;

type Refused = Extract<
  ProblemCode,
  | 'session_not_found'
  | 'image_not_found'
  | 'object_not_found'
  | 'click_not_found'
  | 'conflict'
  | 'limit_reached'
  | 'out_of_bounds'
  | 'overloaded'
  | 'rate_limited'
  | 'idempotency_key_reused'
>;

/** What a refusal says, for those that the command can meet. */
export type Details = Partial<Record<Refused, string>>;

const COMMON = { session_not_found: 'There is no such session.' } as const;

export function isDone<Result extends readonly unknown[]>(
  reply: Reply<Result>,
): reply is readonly ['done', ...Result] {
  return reply[0] === 'done';
}

/** The reply of a script that was carried out. @throws ProblemError what it refused with */
export function done<Result extends readonly unknown[]>(
  reply: Reply<Result>,
  details: Details = {},
): readonly ['done', ...Result] {
  if (isDone(reply)) return reply;
  const [code] = reply;
  throw new ProblemError(code, { ...COMMON, ...details }[code] ?? code);
}
