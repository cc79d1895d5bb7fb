/** A5: how much a caller may ask for, on every request that changes something. */
import { isSessionId } from '../../../core/ids.ts';
import { ProblemError } from '../../../core/problem.ts';
import type { RateLimit } from '../../../core/token-bucket.ts';
import type { Charge, RateLimiter } from '../../../gateway/rate-limiter.ts';
import { SESSIONS_OF_AN_ADDRESS } from '../../../gateway/settings.ts';
import type { Metrics } from '../../../ports/system.ts';
import { HEADERS } from '../../../protocol/routes.ts';
import { ANYONE, parameter } from '../context.ts';
import type { Call } from '../node-http.ts';
import { rateLimitField, rateLimitPolicyField } from './rate-fields.ts';

/** What is refused, by policy, as callers are told. */
const DETAILS = {
  session: 'This session sends too many requests.',
  opening: 'This address opens too many sessions.',
  address: 'Too many requests come from this address.',
  tenant: 'There are too many requests altogether.',
} as const;

type Policy = keyof typeof DETAILS;

export interface RateGuardOptions {
  readonly limiter: RateLimiter;
  /** Of one session; and of one address for requests that belong to none. */
  readonly rateLimit: RateLimit | undefined;
  readonly tenantRateLimit: RateLimit | undefined;
  readonly addressOf: (call: Call) => string;
  readonly metrics: Pick<Metrics, 'requestRefused'> | undefined;
}

/** Counts a request, tells its sender what is left, and throws `rate_limited` when there is nothing. */
export type RateGuard = (call: Call) => Promise<void>;

/** `undefined` when nothing is limited. */
export function createRateGuard(options: RateGuardOptions): RateGuard | undefined {
  const { limiter, rateLimit, tenantRateLimit, metrics } = options;
  if (rateLimit === undefined && tenantRateLimit === undefined) return undefined;
  /** The policies' text, by the first of them: the others follow from it. */
  const fields = new Map<string, string>();
  return async (call) => {
    const charges = chargesOf(call, options);
    const [first, ...rest] = charges;
    if (first === undefined) return;
    const verdict = await limiter.take([first, ...rest]);
    const { outgoing } = call.env;
    const field = fields.get(first.policy) ?? rateLimitPolicyField(charges);
    fields.set(first.policy, field);
    outgoing.setHeader(HEADERS.rateLimitPolicy, field);
    outgoing.setHeader(HEADERS.rateLimit, rateLimitField(verdict));
    if (verdict.allowed) return;
    const policy = verdict.tightest.policy as Policy;
    metrics?.requestRefused(policy);
    throw new ProblemError('rate_limited', DETAILS[policy], {
      retryAfterMs: verdict.retryAfterMs,
    });
  };
}

function chargesOf(call: Call, options: RateGuardOptions): readonly Charge[] {
  const { rateLimit, tenantRateLimit, addressOf } = options;
  const charges: Charge[] = [];
  const charge = (policy: Policy, owner: string, limit: RateLimit) => {
    charges.push({ policy, bucket: `${policy} ${owner}`, limit });
  };
  if (rateLimit !== undefined) {
    const session = parameter(call, 'sessionId');
    const address = addressOf(call);
    if (isSessionId(session)) charge('session', session, rateLimit);
    else charge('opening', address, rateLimit);
    charge('address', address, times(rateLimit, SESSIONS_OF_AN_ADDRESS));
  }
  if (tenantRateLimit !== undefined) charge('tenant', ANYONE.tenant, tenantRateLimit);
  return charges;
}

const times = ({ perSecond, burst }: RateLimit, count: number): RateLimit => {
  return { perSecond: perSecond * count, burst: burst * count };
};
