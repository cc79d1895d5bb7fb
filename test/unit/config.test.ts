import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../../src/app/config/variables.ts';
import { childEnvironment, describeEnvironment, loadConfig } from '../../src/app/config.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import { problemsOf } from './config-problems.ts';

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
