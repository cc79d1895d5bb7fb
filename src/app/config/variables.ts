import { DURABILITIES } from '../../adapters/redis/durability.ts';
import { DEFAULT_PREFIX } from '../../adapters/redis/keys.ts';
import { LOG_LEVELS } from '../../adapters/system/json-logger.ts';
import type { GatewaySettings } from '../../gateway/settings.ts';
import { DEFAULT_SETTINGS } from '../../gateway/settings.ts';
import type { Variable } from './variable.ts';
import {
  addressRange,
  bearer,
  choice,
  flag,
  folder,
  host,
  hostHeader,
  httpUrl,
  integer,
  list,
  optional,
  origin,
  rateLimit,
  redisPrefix,
  redisUrl,
  shownRedisUrl,
  weights,
} from './variable.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const MIB = 1024 * 1024;

/** A limit of the gateway: its default is the one in the settings, so the two cannot differ. */
function limit(
  setting: Exclude<keyof GatewaySettings, 'tenantWeights'>,
  min: number,
  max: number,
  about: string,
): Variable<number> {
  return { about, fallback: String(DEFAULT_SETTINGS[setting]), parse: integer(min, max) };
}

/**
 * Every variable that is read, in the order of the documentation. The table drives parsing, the
 * output of `maskwire check-config` and the list in the README.
 */
export const VARIABLES = {
  PORT: {
    about: 'Port to listen on; 0 takes a free one',
    fallback: '8787',
    parse: integer(0, 65_535),
  },
  HOST: {
    about: 'Address to listen on; beyond loopback only with `MASKWIRE_INSECURE=1`',
    fallback: '127.0.0.1',
    parse: host,
  },
  REDIS_URL: {
    about:
      'Redis 7 or newer, shared by all gateways: one server (`redis://[user:password@]host:port/db`), Sentinels (`redis+sentinel://host:port,…/name`) or a cluster (`redis+cluster://host:port,…`), `rediss` for TLS; empty: the memory of this process',
    fallback: '',
    secret: true,
    shown: shownRedisUrl,
    parse: optional(redisUrl),
  },
  BLOB_DIR: {
    about: 'Folder for images, shared by all gateways; empty: in Redis, or in memory without it',
    fallback: '',
    parse: optional(folder),
  },
  FEATURE_SERVER_URL: {
    about:
      'The feature server, or several, comma-separated; empty starts the embedded one beside the gateway',
    fallback: '',
    parse: list(httpUrl),
  },
  FEATURE_SERVER_TOKEN: {
    about: 'Bearer token that every call of a feature server carries',
    fallback: '',
    secret: true,
    parse: optional(bearer),
  },
  FEATURE_CONCURRENCY: {
    about: 'Calls in flight at all feature servers together; empty: what they say of themselves',
    fallback: '',
    parse: optional(integer(1, 1_024)),
  },
  MASKWIRE_SELF_URL: {
    about: 'How the feature server reaches this gateway; empty: `http://HOST:PORT`',
    fallback: '',
    parse: optional(httpUrl),
  },
  MASKWIRE_AUTH: {
    about: 'Who may call; this version knows `none`',
    fallback: 'none',
    parse: choice(['none']),
  },
  MASKWIRE_INSECURE: {
    about: 'Set to 1 to listen beyond loopback without authentication',
    fallback: '0',
    parse: flag,
  },
  MASKWIRE_ALLOWED_HOSTS: {
    about: 'Host names, comma-separated, that are served besides the loopback ones',
    fallback: '',
    parse: list(hostHeader),
  },
  MASKWIRE_CORS_ORIGINS: {
    about: 'Web origins, comma-separated, whose pages may call; empty: the own page only',
    fallback: '',
    parse: list(origin),
  },
  MASKWIRE_TRUSTED_PROXIES: {
    about:
      'Addresses and ranges of proxies, comma-separated, whose `X-Forwarded-For` says where requests come from',
    fallback: '',
    parse: list(addressRange),
  },
  MASKWIRE_RATE_LIMIT: {
    about:
      'Changes a second that a session may ask for, and how many may be saved up, or `off`; ten times as many from one address',
    fallback: '20:200',
    parse: rateLimit,
  },
  MASKWIRE_TENANT_RATE_LIMIT: {
    about: 'The same for all requests together, or `off`',
    fallback: 'off',
    parse: rateLimit,
  },
  MASKWIRE_MAX_STREAMS: limit(
    'maxStreams',
    1,
    1_000_000,
    'Streams that a gateway keeps open for one session, and for one address',
  ),
  MASKWIRE_LOG_LEVEL: {
    about:
      'Least urgent lines of the log, JSON on standard error: `info`, `warn`, `error`, `silent`',
    fallback: 'info',
    parse: choice(LOG_LEVELS),
  },
  MASKWIRE_MAX_IMAGES: limit('maxImages', 1, 1_000, 'Images in a session'),
  MASKWIRE_MAX_OBJECTS: limit('maxObjects', 1, 1_000, 'Objects in a session'),
  MASKWIRE_MAX_OBJECTS_IN_FLIGHT: limit(
    'maxObjectsInFlight',
    1,
    1_000,
    'Objects of a session that wait for a mask at once',
  ),
  MASKWIRE_MAX_POINTS_PER_OBJECT: limit('maxPointsPerObject', 1, 1_000, 'Points on an object'),
  MASKWIRE_MAX_IMAGE_BYTES: limit('maxImageBytes', 1, 64 * MIB, 'Bytes of one uploaded file'),
  MASKWIRE_MAX_IMAGE_PIXELS: limit(
    'maxImagePixels',
    1,
    268_000_000,
    'Pixels of an image, told from its header',
  ),
  MASKWIRE_MAX_BLOB_BYTES: {
    about: 'Bytes of all images of all sessions together',
    fallback: String(512 * MIB),
    parse: integer(1, 1024 * 1024 * MIB),
  },
  MASKWIRE_REDIS_PREFIX: {
    about: 'Before every key in Redis, so that several installations can share one',
    fallback: DEFAULT_PREFIX,
    parse: redisPrefix,
  },
  MASKWIRE_DURABILITY: {
    about:
      'What a change has reached before it is acknowledged: `memory`, that of the primary; `replicated`, that of a replica, too, and 503 when none confirms it',
    fallback: 'memory',
    parse: choice(DURABILITIES),
  },
  MASKWIRE_MAX_WAIT_MS: limit(
    'maxWaitMs',
    1,
    DAY_MS,
    'A click that would wait longer is refused with 429',
  ),
  MASKWIRE_DEADLINE_MS: limit(
    'deadlineMs',
    100,
    DAY_MS,
    'A click that is not answered in this time after it was posted is ended as failed',
  ),
  MASKWIRE_TENANT_WEIGHTS: {
    about: 'Turns of a tenant where others get one, as `acme=2,trial=0.5`',
    fallback: '',
    parse: weights,
  },
  MASKWIRE_SESSION_TTL_MS: limit(
    'sessionTtlMs',
    1_000,
    365 * DAY_MS,
    'A session that nobody uses ends after this',
  ),
  MASKWIRE_HISTORY_EVENTS: limit(
    'historyEvents',
    1,
    1_000_000,
    'Events of a session that are kept for readers that come back',
  ),
  MASKWIRE_HEARTBEAT_MS: limit(
    'heartbeatMs',
    10,
    10 * 60_000,
    'Between two heartbeats of a quiet stream',
  ),
  MASKWIRE_STALL_MS: limit(
    'stallMs',
    10,
    10 * 60_000,
    'A reader that takes nothing for this long is disconnected',
  ),
  MASKWIRE_LEASE_MS: limit(
    'leaseMs',
    1_000,
    10 * 60_000,
    'How long claimed work is held before another worker may take it',
  ),
  MASKWIRE_CALL_TIMEOUT_MS: limit(
    'callTimeoutMs',
    10,
    10 * 60_000,
    'How long one mask may take the feature server; must fit into the lease',
  ),
  MASKWIRE_ENCODE_TIMEOUT_MS: limit(
    'encodeTimeoutMs',
    10,
    10 * 60_000,
    'How long preparing one image may take it; must fit into the lease',
  ),
} as const satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof VARIABLES;

/** What the variables hold, parsed. */
export type Values = {
  readonly [Name in VariableName]: ReturnType<(typeof VARIABLES)[Name]['parse']>;
};

/** Known to the protocol but not to this version: setting one must not be silently without effect. */
export const UNSUPPORTED: Readonly<Record<string, string>> = {
  BLOB_URL: 'storing images in a bucket',
  FEATURE_TRANSPORT: 'sending images by value',
};

/** The variables as a Markdown table, as it stands in the README. */
export function markdownTable(): string {
  const rows = Object.entries(VARIABLES).map(([name, { fallback, about }]) => {
    const shown = fallback === '' ? '' : `\`${fallback}\``;
    return `| \`${name}\` | ${shown} | ${about} |`;
  });
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}
