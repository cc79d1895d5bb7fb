/**
 * Answers as plain values. Headers are plain records, not `Headers`, which node-server writes out
 * without a detour; what every answer carries is set on Node's response by the front door.
 */
import type { KeptAnswer } from '../../ports/idempotency-store.ts';

type HeaderRecord = Readonly<Record<string, string>>;

/** A JSON answer that can be kept and given again. */
export function keptJson(status: number, body: unknown, headers: HeaderRecord = {}): KeptAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** Sends what was prepared, adding headers that belong to this sending only. */
export function respond(answer: KeptAnswer, headers: HeaderRecord = {}): Response {
  return new Response(answer.body, {
    status: answer.status,
    headers: { ...answer.headers, ...headers },
  });
}

export const json = (status: number, body: unknown, headers: HeaderRecord = {}): Response =>
  respond(keptJson(status, body, headers));

/** An answer without a body. */
export const empty = (status: 204 | 304, headers: HeaderRecord = {}): Response =>
  new Response(null, { status, headers: { ...headers } });

/** Bytes of a known type. */
export function bytes(status: number, body: Uint8Array, headers: HeaderRecord): Response {
  return new Response(body as Uint8Array<ArrayBuffer>, {
    status,
    headers: { ...headers, 'Content-Length': String(body.length) },
  });
}

/** True when the caller's `If-None-Match` names this representation (RFC 9110, weak comparison). */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
