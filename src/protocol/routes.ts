/** Paths, header names and query names of part A; no literal of these stands anywhere else. */
const API = '/v1';

const session = (id: string) => `${API}/sessions/${id}` as const;

/** Concrete paths, for clients and for links. */
export const paths = {
  sessions: `${API}/sessions`,
  session,
  events: (id: string) => `${session(id)}/events` as const,
  images: (id: string) => `${session(id)}/images` as const,
  image: (id: string, image: string) => `${session(id)}/images/${image}` as const,
  clicks: (id: string) => `${session(id)}/clicks` as const,
  click: (id: string, click: string) => `${session(id)}/clicks/${click}` as const,
  object: (id: string, object: string) => `${session(id)}/objects/${object}` as const,
  objectRetry: (id: string, object: string) => `${session(id)}/objects/${object}/retry` as const,
  mask: (id: string, object: string) => `${session(id)}/objects/${object}/mask` as const,
  export: (id: string) => `${session(id)}/export` as const,
  segment: `${API}/segment`,
  /** Where feature servers fetch images; signed and short-lived. */
  blob: (id: string) => `${API}/blobs/${id}` as const,
  health: '/healthz',
  ready: '/readyz',
  metrics: '/metrics',
  openapi: '/openapi.json',
  studio: '/',
  /** Files of the studio page. */
  assets: '/assets',
} as const;

export const HEADERS = {
  requestId: 'X-Request-Id',
  idempotencyKey: 'Idempotency-Key',
  idempotentReplayed: 'Idempotent-Replayed',
  lastEventId: 'Last-Event-ID',
  prefer: 'Prefer',
  preferenceApplied: 'Preference-Applied',
  rateLimit: 'RateLimit',
  rateLimitPolicy: 'RateLimit-Policy',
  retryAfter: 'Retry-After',
  traceparent: 'traceparent',
} as const;

export const QUERY = {
  after: 'after',
  lastEventId: 'lastEventId',
  wait: 'wait',
  limit: 'limit',
  format: 'format',
  participant: 'participant',
} as const;

/** `?after=start`: everything that is kept, from the first entry on. */
export const AFTER_START = 'start';
