import { describe, expect, test } from 'vitest';
import { editDistance, nearest } from '../../src/app/config/nearest.ts';
import { VARIABLES } from '../../src/app/config/variables.ts';
import {
  ConfigError,
  childEnvironment,
  describeEnvironment,
  loadConfig,
} from '../../src/app/config.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('A33 configuration', () => {
  test('A33 an empty environment gives the documented defaults', () => {
    const { config, warnings } = loadConfig({});
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      selfUrl: undefined,
      auth: 'none',
      corsOrigins: [],
      allowedHosts: [],
      featureServer: { urls: [], token: undefined, concurrency: undefined },
    });
    expect(config.gateway).toEqual(DEFAULT_SETTINGS);
  });

  test('A33 an empty variable is an unset one', () => {
    expect(loadConfig({ PORT: '', MASKWIRE_MAX_IMAGES: ' ' }).config.port).toBe(8787);
  });

  test('A33 the value is frozen through and through', () => {
    const { config } = loadConfig({ MASKWIRE_CORS_ORIGINS: 'https://a.example' });
    for (const part of [config, config.gateway, config.featureServer, config.corsOrigins]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('A33 every limit of the gateway has its variable', () => {
    const env: Record<string, string> = {};
    const expected: Record<string, number> = {};
    const { tenantWeights, ...limits } = DEFAULT_SETTINGS;
    for (const [index, setting] of Object.keys(limits).entries()) {
      const name = `MASKWIRE_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
      expect(Object.keys(VARIABLES)).toContain(name);
      // One that all limits allow; the lease is larger so that the calls fit into it.
      expected[setting] = setting === 'leaseMs' ? 20_000 : 1_000 - index;
      if (setting === 'sessionTtlMs') expected[setting] = 5_000;
      env[name] = String(expected[setting]);
    }
    expect(loadConfig(env).config.gateway).toEqual({ ...expected, tenantWeights });
  });

  test('A33 tenants have weights', () => {
    const { config } = loadConfig({ MASKWIRE_TENANT_WEIGHTS: 'acme=2, trial=0.5' });
    expect(config.gateway.tenantWeights).toEqual({ acme: 2, trial: 0.5 });
    for (const bad of ['acme', 'acme=0', 'acme=1000', '=2', 'acme=-1', 'acme=2=3']) {
      expect(problemsOf({ MASKWIRE_TENANT_WEIGHTS: bad })).toHaveLength(1);
    }
  });

  test('A33 one message names every bad variable', () => {
    const problems = problemsOf({
      PORT: '99999',
      HOST: 'a b',
      FEATURE_SERVER_URL: 'ftp://x',
      FEATURE_CONCURRENCY: '0',
      MASKWIRE_AUTH: 'jwt',
      MASKWIRE_CORS_ORIGINS: 'https://a.example/path',
      MASKWIRE_HEARTBEAT_MS: '25s',
      MASKWIRE_INSECURE: 'maybe',
      MASKWIRE_MAX_IMAGES: '-1',
    });
    const named = problems.map((line) => line.split(' ')[0]);
    expect(named.sort()).toEqual([
      'FEATURE_CONCURRENCY',
      'FEATURE_SERVER_URL',
      'HOST',
      'MASKWIRE_AUTH',
      'MASKWIRE_CORS_ORIGINS',
      'MASKWIRE_HEARTBEAT_MS',
      'MASKWIRE_INSECURE',
      'MASKWIRE_MAX_IMAGES',
      'PORT',
    ]);
    expect(problems).toContain('PORT must be a whole number from 0 to 65535, not "99999".');
  });

  test('A33 a bad secret is named but not shown', () => {
    const [problem] = problemsOf({ FEATURE_SERVER_TOKEN: 'hunter2 with blanks' });
    expect(problem).toMatch(/^FEATURE_SERVER_TOKEN must be/);
    expect(problem).not.toContain('hunter2');
  });

  test('A33 a contradiction is told beside bad values, unless it rests on one of them', () => {
    const bad = { PORT: 'x', MASKWIRE_LEASE_MS: '1', MASKWIRE_CALL_TIMEOUT_MS: '60000' };
    const problems = problemsOf({ ...bad, HOST: '0.0.0.0', MASKWIRE_MAX_OBJECT: '1' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'MASKWIRE_LEASE_MS',
      'HOST',
      'MASKWIRE_MAX_OBJECT',
    ]);
  });

  test('A33 an unknown variable is a warning with the nearest known name', () => {
    const { warnings } = loadConfig({ MASKWIRE_HEARTBEATS_MS: '1', PATH: '/bin' });
    expect(warnings).toEqual([
      'MASKWIRE_HEARTBEATS_MS is not known; did you mean MASKWIRE_HEARTBEAT_MS?',
    ]);
  });

  test.each(['BLOB_URL', 'FEATURE_TRANSPORT'])('A33 %s is refused, not ignored', (name) => {
    expect(problemsOf({ [name]: 'something' })[0]).toMatch(
      new RegExp(`^${name} is set, but .* is not supported in this version\\.$`),
    );
    expect(problemsOf({ [name]: '' })).toEqual([]);
  });

  test('A33 limits are as documented, as told, or off', () => {
    expect(loadConfig({}).config.limits).toEqual({
      rateLimit: { perSecond: 20, burst: 200 },
      tenantRateLimit: undefined,
      trustedProxies: [],
    });
    const { config } = loadConfig({
      MASKWIRE_RATE_LIMIT: 'off',
      MASKWIRE_TENANT_RATE_LIMIT: '0.5:1',
      MASKWIRE_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,fd00::/8,::1',
    });
    expect(config.limits).toEqual({
      rateLimit: undefined,
      tenantRateLimit: { perSecond: 0.5, burst: 1 },
      trustedProxies: ['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '::1'],
    });
  });

  test.each(['20', '20:', ':200', '0:200', '20:0', '-1:5', '20:1.5', '20:200:3', 'none', '1e3:5'])(
    'A33 MASKWIRE_RATE_LIMIT=%s is refused with what it should be',
    (text) => {
      expect(problemsOf({ MASKWIRE_RATE_LIMIT: text })).toEqual([
        `MASKWIRE_RATE_LIMIT must be "off" or <per second>:<burst>, both above 0 and the burst whole, like 20:200, not "${text}".`,
      ]);
    },
  );

  test.each(['10.0.0.0/33', 'fd00::/129', '10.0.0/8', 'nginx', '10.0.0.1:80', '10.0.0.0/-1'])(
    'A33 MASKWIRE_TRUSTED_PROXIES=%s is refused with what it should be',
    (text) => {
      expect(problemsOf({ MASKWIRE_TRUSTED_PROXIES: `127.0.0.1,${text}` })).toEqual([
        `MASKWIRE_TRUSTED_PROXIES must be IP addresses or ranges like 10.0.0.0/8, separated by commas, not "127.0.0.1,${text}".`,
      ]);
    },
  );

  test('A33 storage is in memory, or where REDIS_URL and BLOB_DIR say', () => {
    expect(loadConfig({}).config.storage).toEqual({
      redisUrl: undefined,
      redisPrefix: 'mw',
      durability: 'memory',
      blobDir: undefined,
    });
    const env = { REDIS_URL: 'rediss://me:pw@h:1/2', FEATURE_SERVER_URL: 'http://127.0.0.1:1' };
    const { config, warnings } = loadConfig({
      ...env,
      BLOB_DIR: '/var/blobs',
      MASKWIRE_REDIS_PREFIX: 'staging:mw',
    });
    expect(config.storage).toEqual({
      redisUrl: 'rediss://me:pw@h:1/2',
      redisPrefix: 'staging:mw',
      durability: 'memory',
      blobDir: '/var/blobs',
    });
    expect(warnings).toEqual([]);
  });

  test('A33 a bad REDIS_URL is named but not shown, since it may hold a password', () => {
    const [problem] = problemsOf({ REDIS_URL: 'http://:hunter2@h' });
    expect(problem).toMatch(/^REDIS_URL must be a URL like redis:/);
    expect(problem).not.toContain('hunter2');
  });

  test('A33 what makes no sense as storage is refused', () => {
    expect(problemsOf({ BLOB_DIR: '/x' })[0]).toMatch(/^BLOB_DIR needs REDIS_URL/);
    expect(problemsOf({ REDIS_URL: 'redis://h', BLOB_DIR: 'x' })[0]).toMatch(/absolute path/);
    expect(problemsOf({ MASKWIRE_REDIS_PREFIX: '{x}' })[0]).toMatch(/^MASKWIRE_REDIS_PREFIX must/);
  });

  test('A33 L14 how durable changes are is chosen, and replicas need a Redis', () => {
    const MASKWIRE_DURABILITY = 'replicated';
    const { config } = loadConfig({ MASKWIRE_DURABILITY, REDIS_URL: 'redis://h' });
    expect(config.storage.durability).toBe('replicated');
    expect(problemsOf({ MASKWIRE_DURABILITY })).toEqual([
      'MASKWIRE_DURABILITY=replicated needs REDIS_URL: the memory of this process has no replica.',
    ]);
    expect(problemsOf({ MASKWIRE_DURABILITY: 'disk' })[0]).toMatch(
      /^MASKWIRE_DURABILITY must be "memory" or "replicated", not "disk"/,
    );
  });

  test('A33 Redis with embedded feature servers is doubted', () => {
    const { warnings } = loadConfig({ REDIS_URL: 'redis://h' });
    expect(warnings[0]).toMatch(/each would start a feature server of its own/);
  });

  test('A33 feature servers are taken without their last slashes, and none twice', () => {
    const { config } = loadConfig({ FEATURE_SERVER_URL: 'http://a:1/base/, http://b:1' });
    expect(config.featureServer.urls).toEqual(['http://a:1/base', 'http://b:1']);
    expect(problemsOf({ FEATURE_SERVER_URL: 'http://a:1,http://a:1/' })[0]).toMatch(/twice/);
    expect(problemsOf({ FEATURE_SERVER_URL: 'http://user:pw@a' })).toHaveLength(1);
  });

  test('L6 a call must fit into its lease', () => {
    const lease = { MASKWIRE_LEASE_MS: '5000', MASKWIRE_ENCODE_TIMEOUT_MS: '4500' };
    expect(problemsOf({ ...lease, MASKWIRE_CALL_TIMEOUT_MS: '4500' })).toEqual([]);
    const [problem] = problemsOf({ ...lease, MASKWIRE_CALL_TIMEOUT_MS: '4501' });
    expect(problem).toMatch(/^MASKWIRE_CALL_TIMEOUT_MS must be at most 4500/);
  });

  test.each(['0.0.0.0', '::', '192.168.1.4', 'example.org'])(
    'A29 %s is refused without authentication unless that is asked for',
    (host) => {
      expect(problemsOf({ HOST: host })[0]).toMatch(/MASKWIRE_INSECURE=1/);
      expect(problemsOf({ HOST: host, MASKWIRE_INSECURE: '1' })).toEqual([]);
    },
  );

  test.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('A29 %s is loopback', (host) => {
    expect(problemsOf({ HOST: host })).toEqual([]);
  });

  test('A34 the hosts of listed origins and of the own address are served', () => {
    const { config } = loadConfig({
      MASKWIRE_CORS_ORIGINS: 'https://app.example, http://b.example:8080',
      MASKWIRE_ALLOWED_HOSTS: 'gateway.local',
      MASKWIRE_SELF_URL: 'http://gateway:8787',
    });
    expect(config.corsOrigins).toEqual(['https://app.example', 'http://b.example:8080']);
    expect(config.allowedHosts).toEqual([
      'gateway.local',
      'gateway:8787',
      'app.example',
      'b.example:8080',
    ]);
  });

  test('A34 an address of its own is served, the one that stands for all is not', () => {
    const insecure = { MASKWIRE_INSECURE: '1' };
    const named = loadConfig({ ...insecure, HOST: '192.168.1.4' });
    expect(named.config.allowedHosts).toEqual(['192.168.1.4']);
    expect(loadConfig({ ...insecure, HOST: 'fe80::1' }).config.allowedHosts).toEqual(['[fe80::1]']);
    const all = loadConfig({ ...insecure, HOST: '0.0.0.0' });
    expect(all.config.allowedHosts).toEqual([]);
    expect(all.warnings[0]).toMatch(/MASKWIRE_ALLOWED_HOSTS/);
    const listed = { ...insecure, HOST: '::', MASKWIRE_ALLOWED_HOSTS: 'desk.local' };
    expect(loadConfig(listed).warnings).toEqual([]);
  });

  test('B3 a server elsewhere needs an address of this gateway that it can reach', () => {
    const elsewhere = { FEATURE_SERVER_URL: 'http://gpu.example' };
    expect(loadConfig(elsewhere).warnings[0]).toMatch(/MASKWIRE_SELF_URL/);
    const told = { ...elsewhere, MASKWIRE_SELF_URL: 'http://desk.example:8787' };
    expect(loadConfig(told).warnings).toEqual([]);
    expect(loadConfig({ FEATURE_SERVER_URL: 'http://[::1]:9' }).warnings).toEqual([]);
  });

  test('A33 the embedded server bounds the size of images', () => {
    const env = { MASKWIRE_MAX_IMAGE_BYTES: String(6 * 1024 * 1024) };
    expect(problemsOf(env)[0]).toMatch(/^MASKWIRE_MAX_IMAGE_BYTES must be at most 5242880/);
    expect(problemsOf({ ...env, FEATURE_SERVER_URL: 'http://a' })).toEqual([]);
  });
});

test('secrets are masked where settings are shown', () => {
  const shown = describeEnvironment({ FEATURE_SERVER_TOKEN: 'hunter2', PORT: '1' });
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  expect(shown).toContainEqual({ name: 'PORT', text: '1', source: 'environment' });
  expect(shown).toContainEqual({ name: 'HOST', text: '127.0.0.1', source: 'default' });
});

test.each([
  ['redis://h:7/2', 'redis://h:7/2'],
  ['rediss://me:hunter2@h', 'rediss://[hidden]@h:6379'],
  ['redis+sentinel://s/main?sentinelPassword=hunter2', 'redis+sentinel://s:26379/main'],
])('of %s only the place is shown', (given, text) => {
  const shown = describeEnvironment({ REDIS_URL: given });
  expect(shown).toContainEqual({ name: 'REDIS_URL', text, source: 'environment' });
});

test('a child gets what it needs to run, and no secrets', () => {
  const env = { PATH: '/bin', LC_ALL: 'C', FEATURE_SERVER_TOKEN: 's', AWS_SECRET_ACCESS_KEY: 's' };
  expect(childEnvironment(env)).toEqual({ PATH: '/bin', LC_ALL: 'C' });
});

test.each([
  ['', '', 0],
  ['kitten', 'sitting', 3],
  ['abc', '', 3],
  ['flaw', 'lawn', 2],
])('%j and %j are %d edits apart', (from, to, edits) => {
  expect(editDistance(from, to)).toBe(edits);
  expect(editDistance(to, from)).toBe(edits);
});

test('the nearest of none is none', () => {
  expect(nearest('x', [])).toBeUndefined();
});
