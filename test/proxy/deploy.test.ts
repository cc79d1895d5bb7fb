/** What `deploy/` says about the program must be true of the program. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { VARIABLES } from '../../src/app/config/variables.ts';
import { loadConfig } from '../../src/app/config.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import { FEATURE_ROUTES } from '../../src/protocol/feature-server.ts';
import { paths } from '../../src/protocol/routes.ts';
import { Running } from './processes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly networks: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

const compose = parse(read('deploy/compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};

const GATEWAYS = ['gateway-1', 'gateway-2'] as const;

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

/** A service's environment as a container gets it, with every variable that has to be set as `value`. */
function environment(name: string, value = 'some-long-random-text'): Record<string, string> {
  const entries = Object.entries(service(name).environment ?? {});
  const filled = (text: string) =>
    text.replaceAll(/\$\{\w+:([-?])([^}]*)\}/g, (_, kind, text) => (kind === '-' ? text : value));
  return Object.fromEntries(entries.map(([key, text]) => [key, filled(text)]));
}

/** Lines of the Dockerfile that begin with an instruction, as its words. */
const instructions = read('deploy/Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => /^[A-Z]+ /.test(line))
  .map((line) => line.split(/\s+/));

const arguments_ = (instruction: string) =>
  instructions.filter(([word]) => word === instruction).map((words) => words.slice(1));

/** The words of `INSTRUCTION ["a", "b"]`. */
const exec = (instruction: string) =>
  JSON.parse((arguments_(instruction)[0] ?? []).join(' ')) as readonly string[];

async function run(program: string, ...args: readonly string[]): Promise<readonly string[]> {
  await using running = new Running(program, args, { cwd: ROOT });
  await running.end();
  return running.lines;
}

test.each(GATEWAYS)('%s gets an environment that a gateway takes without a warning', (name) => {
  const env = environment(name);
  expect(Object.keys(env).filter((key) => !(key in VARIABLES))).toEqual([]);
  const { config, warnings } = loadConfig(env);
  expect(warnings).toEqual([]);
  expect(config.selfUrl).toBe(`http://${name}:${config.port}`);
  // Health checks and proxies of this folder count on it.
  expect(config.port).toBe(Number(VARIABLES.PORT.fallback));
});

test('the feature server is where the gateways look for it, with the same token', () => {
  const { command = [], healthcheck } = service('feature-server');
  const port = command[command.indexOf('--port') + 1];
  for (const name of GATEWAYS) {
    const env = environment(name);
    expect(env['FEATURE_SERVER_URL']).toBe(`http://feature-server:${port}`);
    expect(env['FEATURE_SERVER_TOKEN']).toBe(environment('feature-server')['FEATURE_SERVER_TOKEN']);
  }
  expect(healthcheck?.test.at(-1)).toContain(`http://127.0.0.1:${port}${FEATURE_ROUTES.health}`);
});

test('Redis keeps what it was given, and is where the gateways look for it', () => {
  const command = service('redis').command?.join(' ');
  expect(command).toContain('--appendonly yes');
  expect(command).toContain('--maxmemory-policy noeviction');
  for (const name of GATEWAYS) {
    expect(environment(name)['REDIS_URL']).toBe('redis://redis:6379/0');
  }
});

test('both gateways keep images in one volume, at a place that the image gives to its user', () => {
  for (const name of GATEWAYS) {
    const { BLOB_DIR = '' } = environment(name);
    expect(service(name).volumes).toContain(`images:${BLOB_DIR}`);
    const making = arguments_('RUN').map((words) => words.join(' '));
    expect(making).toContain(`mkdir ${BLOB_DIR} && chown node:node ${BLOB_DIR}`);
  }
});

test.each([...GATEWAYS, 'feature-server'])('%s runs a command that there is', async (name) => {
  const { command = [], build } = service(name);
  expect(join('deploy', build?.context ?? '')).toBe('.');
  expect(existsSync(join(ROOT, build?.dockerfile ?? ''))).toBe(true);
  const [, script = ''] = exec('ENTRYPOINT');
  // --help checks nothing that comes before it, so that each option is looked for in what it prints.
  const help = await run(process.execPath, script, command[0] ?? '', '--help');
  expect(help[0]).toMatch(new RegExp(`^Usage: maskwire ${command[0]} `));
  for (const option of command.filter((word) => word.startsWith('--'))) {
    expect(help.join('\n')).toContain(`${option} <`);
  }
});

test('a gateway has the time to stop in order', () => {
  const { leaseMs, callTimeoutMs, encodeTimeoutMs } = DEFAULT_SETTINGS;
  for (const name of GATEWAYS) {
    const seconds = Number.parseInt(service(name).stop_grace_period ?? '', 10);
    // Calls end before their lease does; two seconds are for the answers after that.
    expect(seconds * 1000).toBeGreaterThan(
      Math.max(leaseMs, callTimeoutMs, encodeTimeoutMs) + 2000,
    );
  }
});

test('only nginx is published, on loopback unless told otherwise, and Redis is not its neighbour', () => {
  const published = Object.entries(compose.services).filter(([, { ports }]) => ports !== undefined);
  expect(published.map(([name]) => name)).toEqual(['nginx']);
  expect(service('nginx').ports).toEqual([
    expect.stringMatching(/^\$\{PUBLISH:-127\.0\.0\.1:8080\}:8080$/),
  ]);
  expect(read('deploy/nginx.conf')).toMatch(/^ *listen 8080;$/m);
  expect(service('nginx').networks).not.toContain('back');
  for (const { networks } of Object.values(compose.services)) {
    expect(Object.keys(compose.networks)).toEqual(expect.arrayContaining([...networks]));
  }
});

test('what is mounted is there', () => {
  const volumes = Object.values(compose.services).flatMap(({ volumes }) => volumes ?? []);
  for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
    const there = source.startsWith('.')
      ? existsSync(join(ROOT, 'deploy', source))
      : source in compose.volumes;
    expect([source, there]).toEqual([source, true]);
  }
});

test.each(['nginx.conf', 'haproxy.cfg'])('%s names every gateway of the compose file', (file) => {
  const named = read(`deploy/${file}`).matchAll(/^ *server (?:\S+ )?(\S+):(\d+)\b/gm);
  const addresses = new Set([...named].map(([, host, port]) => `${host}:${port}`));
  expect([...addresses]).toEqual(GATEWAYS.map((name) => `${name}:${VARIABLES.PORT.fallback}`));
});

test.each([
  ['nginx.conf', /proxy_read_timeout (\d+)s;/],
  ['haproxy.cfg', /timeout server (\d+)s/],
])('%s waits longer than a quiet stream or a held request takes', (file, pattern) => {
  const seconds = Number(pattern.exec(read(`deploy/${file}`))?.[1]);
  const longestHold = 30;
  expect(seconds).toBeGreaterThan((2 * DEFAULT_SETTINGS.heartbeatMs) / 1000);
  expect(seconds).toBeGreaterThan(longestHold);
});

test('haproxy sends each event at once', () => {
  expect(read('deploy/haproxy.cfg')).toMatch(/^ *option http-no-delay$/m);
});

test('the image copies and runs what there is', () => {
  const copied = arguments_('COPY').filter(([first]) => !first?.startsWith('--from'));
  const sources = copied.flatMap((words) => words.slice(0, -1));
  const built = arguments_('COPY').filter(([first]) => first?.startsWith('--from'));
  const outcomes = built.map(([, source = '']) => source.replace(/^\/app\//, ''));
  expect(outcomes.toSorted()).toEqual(['dist', 'node_modules']);
  const [node, script = ''] = exec('ENTRYPOINT');
  expect(node).toBe('node');
  const missing = [...sources, ...outcomes, script].filter((path) => !existsSync(join(ROOT, path)));
  expect(missing).toEqual([]);
  expect(exec('CMD')).toEqual(['serve']);
  // Everything else stays out of the build, so what is copied must be let in.
  const letIn = read('.dockerignore').split('\n');
  expect(letIn).toContain('*');
  expect(sources.filter((path) => !letIn.includes(`!${path.replace('./', '')}`))).toEqual([]);
});

test('the image has the Node that the program needs, and says which port and path', () => {
  const bases = arguments_('FROM').map(([image = '']) => image);
  const oldest = Number(/OLDEST_NODE = (\d+)/.exec(read('src/app/cli.ts'))?.[1]);
  for (const image of bases.filter((name) => name.includes(':'))) {
    expect(Number(/^node:(\d+)-/.exec(image)?.[1])).toBeGreaterThanOrEqual(oldest);
  }
  expect(arguments_('EXPOSE')).toEqual([[VARIABLES.PORT.fallback]]);
  expect(arguments_('USER')).toEqual([['node']]);
  const check = arguments_('HEALTHCHECK')[0]?.join(' ') ?? '';
  expect(check).toContain(`\${process.env.PORT || ${VARIABLES.PORT.fallback}}${paths.ready}`);
});
