/**
 * The environment of gateways under load: what pretends to be many people comes from one address, and
 * the limits on one (A5) are not what such a run is about.
 */
export const UNLIMITED = {
  MASKWIRE_RATE_LIMIT: 'off',
  MASKWIRE_MAX_STREAMS: '1000000',
} as const;
