import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { problemsOf } from './config-problems.ts';

describe('A33 where storage, feature servers and callers are', () => {
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
