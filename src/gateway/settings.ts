import type { Limits } from '../protocol/bodies.ts';

/** Limits and spans of a gateway; durations in milliseconds. Each has an environment variable. */
export interface GatewaySettings {
  readonly maxImages: number;
  readonly maxObjects: number;
  readonly maxPointsPerObject: number;
  /** Objects of a session that wait or are computed at once; at most `maxObjects` matter. */
  readonly maxObjectsInFlight: number;
  /** Readers of one session on a gateway, and readers from one address. */
  readonly maxStreams: number;
  readonly maxImageBytes: number;
  readonly maxImagePixels: number;
  /** A new token whose predicted wait is longer is refused as `overloaded`. */
  readonly maxWaitMs: number;
  /** A click that is not answered in this time is ended as failed. */
  readonly deadlineMs: number;
  /** How many turns the sessions of a tenant get where others get one. */
  readonly tenantWeights: Readonly<Record<string, number>>;
  readonly sessionTtlMs: number;
  /** Entries of a session's log that are kept, exactly. */
  readonly historyEvents: number;
  readonly heartbeatMs: number;
  /** A reader that takes nothing for this long is disconnected. */
  readonly stallMs: number;
  readonly leaseMs: number;
  /** How long one call of the feature server may take; at most `leaseMs` less a margin. */
  readonly callTimeoutMs: number;
  readonly encodeTimeoutMs: number;
}

/**
 * An office, a school or a carrier stands behind one address: where one session has a limit, all
 * sessions from one address together have it as many times.
 */
export const SESSIONS_OF_AN_ADDRESS = 10;

export const DEFAULT_SETTINGS: GatewaySettings = {
  maxImages: 10,
  maxObjects: 10,
  maxPointsPerObject: 100,
  maxObjectsInFlight: 10,
  maxStreams: 10_000,
  maxImageBytes: 5 * 1024 * 1024,
  maxImagePixels: 50_000_000,
  maxWaitMs: 5_000,
  deadlineMs: 10_000,
  tenantWeights: {},
  sessionTtlMs: 24 * 60 * 60 * 1000,
  historyEvents: 1_000,
  heartbeatMs: 25_000,
  stallMs: 30_000,
  leaseMs: 15_000,
  callTimeoutMs: 10_000,
  encodeTimeoutMs: 10_000,
};

/** Those of the limits that callers are told (A6). */
export function limitsOf(settings: GatewaySettings): Limits {
  const { maxImages, maxObjects, maxPointsPerObject, maxObjectsInFlight, maxImageBytes } = settings;
  return { maxImages, maxObjects, maxPointsPerObject, maxObjectsInFlight, maxImageBytes };
}
