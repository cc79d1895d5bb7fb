/** Redis over TLS, with a certificate that nobody trusts until they are told to. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { gateway, maskwire, temporaryFolder } from '../cli/harness.ts';
import { Scene } from '../contract/support.ts';
import { RedisCluster } from './redis-cluster.ts';
import type { Certificate } from './redis-server.ts';
import { RedisServer } from './redis-server.ts';
import { SentinelGroup } from './sentinel-group.ts';
import { openGateway } from './support.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let certificate: Certificate;
const known = getCACertificates('default');

beforeAll(async () => {
  folder = await temporaryFolder();
  certificate = { file: folder.file('cert.pem'), keyFile: folder.file('key.pem') };
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', certificate.keyFile, '-out', certificate.file, '-days', '2'],
    // The name `localhost` is not in it.
    ...['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1'],
  ]);
});
afterAll(() => folder[Symbol.asyncDispose]());
afterEach(() => setDefaultCACertificates(known));

const trust = () => setDefaultCACertificates([...known, readFileSync(certificate.file, 'utf8')]);

const failureOf = (url: string) =>
  openGateway(url, 'tls').then(
    () => 'it started',
    (error: Error) => error.message,
  );

it('A33 a certificate of one’s own is trusted when NODE_EXTRA_CA_CERTS says so', async () => {
  await using server = await RedisServer.start([], { certificate });
  const env = { REDIS_URL: server.url };
  const { code, stderr } = await maskwire(['serve'], { env: { ...env, PORT: '0' } });
  expect(code).toBe(1);
  expect(stderr.trim().split('\n').at(-1)).toMatch(
    /^maskwire: Redis at rediss:.* has a certificate that is not trusted: .* NODE_EXTRA_CA_CERTS\.$/,
  );
  await using running = await gateway({ ...env, NODE_EXTRA_CA_CERTS: certificate.file });
  const opened = await fetch(`${running.url}/v1/sessions`, { method: 'POST' });
  expect(opened.status).toBe(201);
});

it('A33 a certificate for another name, and TLS on one side only, are told apart', async () => {
  trust();
  await using server = await RedisServer.start([], { certificate });
  const { url } = server;
  expect(await failureOf(url.replace('127.0.0.1', 'localhost'))).toMatch(
    /has a certificate for another name/,
  );
  expect(await failureOf(url.replace('rediss', 'redis'))).toMatch(/may want TLS \(rediss:/);
  await using plain = await RedisServer.start();
  expect(await failureOf(plain.url.replace('redis', 'rediss'))).toMatch(/may speak no TLS/);
});

it('A33 Sentinels and their primary speak TLS', async () => {
  await using group = await SentinelGroup.start({ certificate });
  expect(group.url).toMatch(/^rediss\+sentinel:/);
  expect(await failureOf(group.url)).toMatch(/no Sentinel .* certificate that is not trusted/);
  trust();
  await using engine = await openGateway(group.url, 'tls');
  const scene = await Scene.open(engine);
  expect(await scene.click('a')).toMatchObject({ revision: 1 });
});

it('A33 a cluster speaks TLS', async () => {
  await using cluster = await RedisCluster.start({ certificate });
  expect(cluster.url).toMatch(/^rediss\+cluster:/);
  expect(await failureOf(cluster.url)).toMatch(/certificate that is not trusted/);
  trust();
  await using engine = await openGateway(cluster.url, 'tls');
  for (let n = 0; n < 8; n += 1) {
    const scene = await Scene.open(engine);
    expect(await scene.click('a')).toMatchObject({ revision: 1 });
  }
});
