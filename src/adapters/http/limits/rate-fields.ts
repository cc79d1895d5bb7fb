/**
 * `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers-11 has them: structured
 * fields (RFC 9651), lists of strings with parameters. `q` tokens are saved up in `w` seconds; `r` are
 * left, and used evenly over `t` seconds they are never refused.
 */
import { windowMs } from '../../../core/token-bucket.ts';
import type { Charge, Verdict } from '../../../gateway/rate-limiter.ts';

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/** Every policy that the request is counted under; the same text as long as the limits are. */
export function rateLimitPolicyField(charges: readonly Charge[]): string {
  return charges
    .map(({ policy, limit }) => `"${policy}";q=${limit.burst};w=${seconds(windowMs(limit))}`)
    .join(', ');
}

/** The policy that will refuse first. After a refusal `t` is what `Retry-After` says. */
export function rateLimitField({ tightest, left, retryAfterMs }: Verdict): string {
  const { policy, limit } = tightest;
  const spread = (left * 1000) / limit.perSecond;
  return `"${policy}";r=${left};t=${seconds(Math.max(spread, retryAfterMs))}`;
}
