/** The environment, read once into a frozen value; nothing else looks at it (A33). */
import type { Durability } from '../adapters/redis/durability.ts';
import type { LogLevel } from '../adapters/system/json-logger.ts';
import type { RateLimit } from '../core/token-bucket.ts';
import type { GatewaySettings } from '../gateway/settings.ts';
import { contradictions } from './config/contradictions.ts';
import { doubts } from './config/doubts.ts';
import { isLoopbackHost, isWildcard } from './config/hosts.ts';
import { nearest } from './config/nearest.ts';
import type { Variable } from './config/variable.ts';
import { BadValue } from './config/variable.ts';
import type { Values, VariableName } from './config/variables.ts';
import { UNSUPPORTED, VARIABLES } from './config/variables.ts';

/** Variables by name, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly host: string;
  readonly port: number;
  /** How feature servers reach this gateway, if not by the address that it listens on. */
  readonly selfUrl: string | undefined;
  readonly auth: 'none';
  readonly corsOrigins: readonly string[];
  /** Hosts that are served besides the loopback ones. */
  readonly allowedHosts: readonly string[];
  readonly limits: {
    /** Absent for no limit. */
    readonly rateLimit: RateLimit | undefined;
    readonly tenantRateLimit: RateLimit | undefined;
    /** Addresses and ranges. */
    readonly trustedProxies: readonly string[];
  };
  readonly logLevel: LogLevel;
  readonly maxBlobBytes: number;
  readonly storage: {
    /** Absent for the memory of the process. */
    readonly redisUrl: string | undefined;
    readonly redisPrefix: string;
    readonly durability: Durability;
    /** Absent for where everything else is. */
    readonly blobDir: string | undefined;
  };
  readonly featureServer: {
    /** None for the embedded one. */
    readonly urls: readonly string[];
    readonly token: string | undefined;
    readonly concurrency: number | undefined;
  };
  readonly gateway: GatewaySettings;
}

export interface LoadedConfig {
  readonly config: Config;
  /** A sentence each, about what is probably a mistake. */
  readonly warnings: readonly string[];
}

/** Everything that is wrong with an environment, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** A sentence each, beginning with the variable's name. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((line) => `  ${line}`).join('\n')}`);
    this.problems = problems;
  }
}

/** The process's own environment. */
export function processEnvironment(): Environment {
  return process.env;
}

/**
 * What a child process needs of an environment: how to find things, not what to keep secret.
 */
export function childEnvironment(env: Environment): Record<string, string> {
  const passed = /^(PATH|HOME|TMPDIR|TZ|LANG|LC_.*|NODE_.*|UV_.*|LD_LIBRARY_PATH|SystemRoot)$/;
  const entries = Object.entries(env).filter(([name]) => passed.test(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? '']));
}

/**
 * Reads a configuration.
 * @throws {@link ConfigError} that names every bad variable
 */
export function loadConfig(env: Environment): LoadedConfig {
  const problems = unsupported(env);
  const bad = new Set<VariableName>();
  const values = parseAll(env, problems, bad);
  problems.push(...contradictions(values, bad));
  // A wrong name may be why a value is missing.
  if (problems.length > 0) {
    throw new ConfigError([...problems, ...unknownNames(env)]);
  }
  const config = deepFreeze(configOf(values));
  return { config, warnings: [...unknownNames(env), ...doubts(config)] };
}

/** Name, text in force (a right one) and where it comes from; secrets are masked. For `maskwire check-config`. */
export function describeEnvironment(
  env: Environment,
): readonly { name: string; text: string; source: 'environment' | 'default' }[] {
  return Object.entries(VARIABLES).map(([name, variable]) => {
    const given = env[name]?.trim() ?? '';
    const text = given === '' ? variable.fallback : given;
    return {
      name,
      text: text === '' ? '' : shownText(variable, text),
      source: given === '' ? 'default' : 'environment',
    };
  });
}

function shownText(variable: Variable<unknown>, text: string): string {
  if (variable.shown !== undefined) return variable.shown(text);
  return variable.secret === undefined ? text : '[hidden]';
}

function unsupported(env: Environment): string[] {
  return Object.entries(UNSUPPORTED)
    .filter(([name]) => (env[name] ?? '').trim() !== '')
    .map(([name, what]) => `${name} is set, but ${what} is not supported in this version.`);
}

/** Fills `problems` and `bad`; where a value is bad, the default stands in for it. */
function parseAll(env: Environment, problems: string[], bad: Set<VariableName>): Values {
  const parsed = Object.entries(VARIABLES).map(([key, variable]): [string, unknown] => {
    const given = env[key]?.trim() ?? '';
    try {
      return [key, variable.parse(given === '' ? variable.fallback : given)];
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      bad.add(key as VariableName);
      const shown = 'secret' in variable ? '' : `, not ${JSON.stringify(given)}`;
      problems.push(`${key} ${error.message}${shown}.`);
      return [key, variable.parse(variable.fallback)];
    }
  });
  // Each value was parsed by the entry of the table that its type is taken from.
  return Object.fromEntries(parsed) as unknown as Values;
}

function configOf(values: Values): Config {
  const corsOrigins = values.MASKWIRE_CORS_ORIGINS;
  const listed = [values.MASKWIRE_SELF_URL ?? [], ...corsOrigins].flat();
  return {
    host: values.HOST,
    port: values.PORT,
    selfUrl: values.MASKWIRE_SELF_URL,
    auth: values.MASKWIRE_AUTH,
    corsOrigins,
    // Whoever lists an origin, or names this gateway's own address, expects to reach it by that name.
    allowedHosts: [
      ...values.MASKWIRE_ALLOWED_HOSTS,
      ...listed.map((url) => new URL(url).host),
      ...ownNames(values.HOST),
    ],
    limits: {
      rateLimit: values.MASKWIRE_RATE_LIMIT,
      tenantRateLimit: values.MASKWIRE_TENANT_RATE_LIMIT,
      trustedProxies: values.MASKWIRE_TRUSTED_PROXIES,
    },
    logLevel: values.MASKWIRE_LOG_LEVEL,
    maxBlobBytes: values.MASKWIRE_MAX_BLOB_BYTES,
    storage: {
      redisUrl: values.REDIS_URL,
      redisPrefix: values.MASKWIRE_REDIS_PREFIX,
      durability: values.MASKWIRE_DURABILITY,
      blobDir: values.BLOB_DIR,
    },
    featureServer: {
      urls: values.FEATURE_SERVER_URL,
      token: values.FEATURE_SERVER_TOKEN,
      concurrency: values.FEATURE_CONCURRENCY,
    },
    gateway: {
      maxImages: values.MASKWIRE_MAX_IMAGES,
      maxObjects: values.MASKWIRE_MAX_OBJECTS,
      maxObjectsInFlight: values.MASKWIRE_MAX_OBJECTS_IN_FLIGHT,
      maxStreams: values.MASKWIRE_MAX_STREAMS,
      maxPointsPerObject: values.MASKWIRE_MAX_POINTS_PER_OBJECT,
      maxImageBytes: values.MASKWIRE_MAX_IMAGE_BYTES,
      maxImagePixels: values.MASKWIRE_MAX_IMAGE_PIXELS,
      maxWaitMs: values.MASKWIRE_MAX_WAIT_MS,
      deadlineMs: values.MASKWIRE_DEADLINE_MS,
      tenantWeights: values.MASKWIRE_TENANT_WEIGHTS,
      sessionTtlMs: values.MASKWIRE_SESSION_TTL_MS,
      historyEvents: values.MASKWIRE_HISTORY_EVENTS,
      heartbeatMs: values.MASKWIRE_HEARTBEAT_MS,
      stallMs: values.MASKWIRE_STALL_MS,
      leaseMs: values.MASKWIRE_LEASE_MS,
      callTimeoutMs: values.MASKWIRE_CALL_TIMEOUT_MS,
      encodeTimeoutMs: values.MASKWIRE_ENCODE_TIMEOUT_MS,
    },
  };
}

/** Not the addresses that stand for all: a page of any site may call its own visitor 0.0.0.0. */
function ownNames(host: string): readonly string[] {
  if (isWildcard(host) || isLoopbackHost(host)) return [];
  return [host.includes(':') ? `[${host}]` : host];
}

function unknownNames(env: Environment): string[] {
  const known = Object.keys(VARIABLES);
  return Object.keys(env)
    .filter((name) => name.startsWith('MASKWIRE_') && !known.includes(name))
    .map((name) => `${name} is not known; did you mean ${nearest(name, known)}?`);
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
