import { describe, expect, test } from 'vitest';
import type { ProblemCode } from '../../src/core/problem.ts';
import { PROBLEM_CODES, ProblemError, problemBody } from '../../src/core/problem.ts';

/** A30, copied by hand: the table must say the same. */
const STATUS: Record<ProblemCode, number> = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  origin_not_allowed: 403,
  not_found: 404,
  session_not_found: 404,
  image_not_found: 404,
  object_not_found: 404,
  click_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  limit_reached: 409,
  idempotency_key_in_use: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unsupported_image: 415,
  out_of_bounds: 422,
  image_too_many_pixels: 422,
  url_not_allowed: 422,
  url_fetch_failed: 422,
  idempotency_key_reused: 422,
  rate_limited: 429,
  overloaded: 429,
  internal: 500,
  storage_unavailable: 503,
  feature_server_failed: 0,
  feature_server_timeout: 0,
  feature_server_rejected: 0,
  deadline_exceeded: 0,
};

const codes = Object.keys(STATUS) as ProblemCode[];

describe('problems', () => {
  test('A2 names the first 20 of the things that are wrong', () => {
    const errors = Array.from({ length: 3_000 }, (_, n) => ({
      path: `points[${n}]`,
      message: 'is not',
    }));
    const body = problemBody('out_of_bounds', 'Outside.', { errors });
    expect(body.errors).toEqual(errors.slice(0, 20));
  });

  test('A30 every code has the status of the protocol, and there is no other code', () => {
    const table = Object.entries(PROBLEM_CODES).map(([code, { status }]) => [code, status]);
    expect(Object.fromEntries(table)).toEqual(STATUS);
  });

  test.each(codes)('A2 %s has the members of RFC 9457, a code and whether to retry', (code) => {
    const { status, title, retryable } = PROBLEM_CODES[code];
    const body = problemBody(code, 'why');
    const expected = {
      type: `urn:maskwire:problem:${code}`,
      title,
      detail: 'why',
      code,
      retryable,
    };
    expect(body).toEqual(status === 0 ? expected : { ...expected, status });
    expect(title).toMatch(/^[A-Z][^.]+$/);
  });

  test('A5 what may pass by waiting can be retried; what the caller did wrong cannot', () => {
    const retryable = codes.filter((code) => PROBLEM_CODES[code].retryable);
    expect(retryable).toEqual([
      'idempotency_key_in_use',
      'url_fetch_failed',
      'rate_limited',
      'overloaded',
      'internal',
      'storage_unavailable',
      'feature_server_failed',
      'feature_server_timeout',
      'deadline_exceeded',
    ]);
  });

  test('A2 extras that a body names appear, and those meant for headers do not', () => {
    const errors = [{ path: 'points[0].x', message: 'must be a number' }];
    const body = problemBody('invalid_request', 'why', {
      errors,
      limit: 'maxObjects',
      etaMs: 7,
      retryAfterMs: 9,
      allow: ['GET'],
    });
    expect(body).toMatchObject({ errors, limit: 'maxObjects', etaMs: 7 });
    expect(Object.keys(body)).not.toContain('retryAfterMs');
    expect(Object.keys(body)).not.toContain('allow');
  });

  test('A2 the cause is kept for operators and is in nothing that callers see', () => {
    const cause = new Error('redis://:secret@10.0.0.1 refused');
    const error = new ProblemError('storage_unavailable', 'No storage.', { cause, etaMs: 3 });
    expect(error.cause).toBe(cause);
    expect(error.extras).toEqual({ etaMs: 3 });
    expect(error.message).toBe('No storage.');
    const body = problemBody(error.code, error.message, error.extras);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  test('A2 an error without a cause has none', () => {
    expect('cause' in new ProblemError('internal', 'x')).toBe(false);
  });
});
