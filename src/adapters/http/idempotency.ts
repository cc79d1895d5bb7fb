/** A4: a request that is sent twice is done once, and answered twice with the same answer. */
import { createHash } from 'node:crypto';
import { ProblemError } from '../../core/problem.ts';
import type { KeptAnswer, KeyState } from '../../ports/idempotency-store.ts';
import { HEADERS } from '../../protocol/routes.ts';
import { respond } from './answers.ts';
import { validate } from './body/validate.ts';
import type { FaceContext } from './context.ts';
import { ANYONE } from './context.ts';
import type { Call } from './node-http.ts';
import { headerOf } from './node-http.ts';
import { IdempotencyHeaderSchema } from './schema/parameters.ts';

const IN_USE_RETRY_MS = 1_000;

/** A key, where it counts, and what the request with it asks for. */
export interface Claim {
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * The caller's key; `undefined` when it sent none.
 * @throws {ProblemError} `invalid_request` for a key that is none
 */
function idempotencyKey(call: Call): string | undefined {
  const raw = call.env.incoming.headers[HEADERS.idempotencyKey.toLowerCase()];
  if (raw === undefined) return undefined;
  const { [HEADERS.idempotencyKey]: key } = validate(IdempotencyHeaderSchema, {
    [HEADERS.idempotencyKey]: String(raw),
  });
  return key;
}

/** What the caller's key claims, once the content is known. */
export function claimOf(call: Call, content: unknown): Claim | undefined {
  const key = idempotencyKey(call);
  if (key === undefined) return undefined;
  const scope = `${ANYONE.subject} ${call.req.method} ${call.req.path}`;
  return { scope, key, fingerprint: fingerprint(content) };
}

/** Marks an answer as one that was given before. */
export const replay = (answer: KeptAnswer): Response =>
  respond(answer, { [HEADERS.idempotentReplayed]: 'true' });

/**
 * Runs a request that creates something, at most once for each key. Only 2xx answers are kept: a
 * refused request may be tried again with its key.
 * @throws {ProblemError} `idempotency_key_in_use`, `idempotency_key_reused`, and what `run` throws
 */
export async function once(
  { engine: { idempotency }, clock }: FaceContext,
  claim: Claim | undefined,
  run: () => Promise<KeptAnswer>,
): Promise<Response> {
  if (claim === undefined) return respond(await run());
  const { scope, key } = claim;
  const state = await idempotency.begin(scope, key, claim.fingerprint, clock.now());
  const kept = keptAnswer(state);
  if (kept !== undefined) return replay(kept);
  if (state.state === 'running') {
    throw new ProblemError(
      'idempotency_key_in_use',
      'The first request with this key has not ended yet.',
      { retryAfterMs: IN_USE_RETRY_MS },
    );
  }
  let answer: KeptAnswer;
  try {
    answer = await run();
  } catch (error) {
    await idempotency.abandon(scope, key);
    throw error;
  }
  await idempotency.keep(scope, key, claim.fingerprint, answer, clock.now());
  return respond(answer);
}

/**
 * The answer that is kept for a key, if any.
 * @throws {ProblemError} `idempotency_key_reused`
 */
export function keptAnswer(state: KeyState): KeptAnswer | undefined {
  if (state.state === 'reused') {
    throw new ProblemError('idempotency_key_reused', 'This key came with other content before.');
  }
  return state.state === 'kept' ? state.answer : undefined;
}

/** W3C Trace Context of the request, if it is well-formed (A3). */
export function traceparentOf(call: Call): string | undefined {
  const text = headerOf(call.env.incoming, HEADERS.traceparent);
  return text !== undefined && /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(text)
    ? text
    : undefined;
}

/** Equal for content that is equal as JSON: the order of names does not count. */
function fingerprint(content: unknown): string {
  return createHash('sha256').update(canonical(content)).digest('base64url');
}

function canonical(content: unknown): string {
  return JSON.stringify(content, (_name, value: unknown) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    const entries = Object.entries(value);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
